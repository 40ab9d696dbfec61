"""The few figures that decide, in tables that fit a terminal. Everything else is in the report."""

from __future__ import annotations

from collections.abc import Iterable

from podforecast.evaluation.cells import Table, about, number, signed, spanned
from podforecast.evaluation.class_tables import methods_table
from podforecast.evaluation.figures import Judgement, Operated, Report
from podforecast.evaluation.measure import COMPARED_BUDGET
from podforecast.evaluation.tables import checks_table, naming_table


def summary(report: Report) -> Iterable[Table]:
    """Splits, alarms, differences and canaries."""
    yield _splits(report)
    yield _alarms(report)
    yield _differences(report)
    if report.naming is not None:
        yield naming_table(report.naming)
    for target in report.targets:
        yield methods_table(target)
    yield checks_table(report)


def _splits(report: Report) -> Table:
    return Table(
        title="Splits side by side",
        about=" ".join(f"{split.name}: {split.meaning}." for split in report.splits),
        header=("split", "model", "prevalence", "ROC-AUC", "average precision"),
        rows=tuple(
            (
                split.name,
                judgement.title,
                number(split.test.prevalence),
                spanned(judgement.ranked["all"].roc_auc, 2),
                spanned(judgement.ranked["all"].average_precision, 2),
            )
            for split in report.splits
            for judgement in split.judgements
            if judgement.kind == "model"
        ),
    )


def _alarms(report: Report) -> Table:
    split = report.headline
    shown = [
        (judgement, operated)
        for judgement in split.judgements
        for operated in judgement.operated
        if judgement.name == "model" or _compared(operated)
    ]
    return Table(
        title=f"Alarms, {split.name} split",
        about=about(split, report) + " Budgets: false alarms per 100 pod-hours, thresholds chosen"
        " on training data; usual: the rule as people run it; *: too few rows to resolve.",
        header=("method", "budget", "seen", "recall, all", "with precursor", "lead min"),
        rows=tuple(_alarm_row(judgement, operated) for judgement, operated in shown),
    )


def _compared(operated: Operated) -> bool:
    return operated.budget_per_100_pod_hours in (None, COMPARED_BUDGET.per_100_pod_hours)


def _alarm_row(judgement: Judgement, operated: Operated) -> tuple[str, ...]:
    budget, recall = operated.budget_per_100_pod_hours, operated.recall
    return (
        judgement.title,
        "usual" if budget is None else f"{budget:g}{'' if operated.resolvable else ' *'}",
        number(operated.false_per_100_pod_hours.value, 1),
        spanned(recall["all"].share, 2),
        spanned(recall["with_precursor"].share, 2),
        number(recall["all"].lead_minutes_median, 1),
    )


def _differences(report: Report) -> Table:
    split = report.headline
    titles = {judgement.name: judgement.title for judgement in split.judgements}
    metrics = list(dict.fromkeys(d.metric for d in split.differences))
    found = {(d.second, d.metric): d.difference for d in split.differences}
    return Table(
        title=f"Model minus baseline, {split.name} split",
        about="Paired: the same pods are drawn for both. Recall at 5 per 100 pod-hours.",
        header=("baseline", *(metric.split(" at ")[0] for metric in metrics)),
        rows=tuple(
            (titles[name], *(signed(found[name, metric]) for metric in metrics))
            for name in dict.fromkeys(d.second for d in split.differences)
        ),
    )

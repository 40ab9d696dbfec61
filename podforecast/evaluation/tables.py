"""Tables of a report.

Every table names its data, its prevalence and its split; every estimate has its interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from podforecast.evaluation.baselines import BASELINES
from podforecast.evaluation.cells import UNKNOWN, Table, about, number, spanned
from podforecast.evaluation.class_tables import target_tables
from podforecast.evaluation.figures import (
    Judgement,
    Named,
    Naming,
    Operated,
    Recall,
    Report,
    SplitResult,
)

SUBSETS = {"all": "all", "first": "first", "with_precursor": "with precursor"}


def splits_table(report: Report) -> Table:
    """One line per split and situation: how honest splits differ, and how a random one flatters."""
    rows = [
        (
            split.name,
            judgement.title,
            str(split.test.failures),
            number(split.test.prevalence),
            spanned(judgement.ranked["all"].roc_auc),
            spanned(judgement.ranked["all"].average_precision),
            spanned(judgement.calibrated.calibration_error) if judgement.calibrated else UNKNOWN,
        )
        for split in report.splits
        for judgement in split.judgements
        if judgement.kind == "model"
    ]
    meanings = " ".join(f"{split.name}: {split.meaning}." for split in report.splits)
    return Table(
        title="Splits side by side",
        about=f"{meanings} Brackets: 95 % intervals, {report.rounds} rounds of a bootstrap over"
        " pods. A random score has ROC-AUC 0.5 and average precision = prevalence.",
        header=(
            "split",
            "model",
            "failures",
            "prevalence",
            "ROC-AUC",
            "average precision",
            "calibration error",
        ),
        rows=tuple(rows),
    )


def ranking_table(split: SplitResult, report: Report) -> Table:
    """Every method on one split."""
    rows = [
        (
            judgement.title,
            spanned(judgement.ranked["all"].roc_auc),
            *(_precision(judgement, subset) for subset in SUBSETS),
        )
        for judgement in split.judgements
    ]
    return Table(
        title=f"Ranking, {split.name} split",
        about=about(split, report)
        + " Subsets of failures are ranked among all rows without a failure ahead.",
        header=("method", "ROC-AUC", *(f"average precision, {name}" for name in SUBSETS.values())),
        rows=tuple(rows),
    )


def _precision(judgement: Judgement, subset: str) -> str:
    ranked = judgement.ranked.get(subset)
    return spanned(ranked.average_precision) if ranked else UNKNOWN


def alarms_table(split: SplitResult, report: Report) -> Table:
    """What an operator would have lived through, method by method and budget by budget."""
    rows = [_alarm_row(judgement, operated) for judgement, operated in _operations(split)]
    return Table(
        title=f"Alarms, {split.name} split",
        about=about(split, report)
        + " Thresholds are chosen on the training side, out of fold, never on these rows; `usual`"
        " is the rule as people run it, `*` a budget that these rows are too few to resolve."
        f" {split.test.never_scored} more failures had no row that may be scored.",
        header=(
            "method",
            "budget per 100 pod-hours",
            "false alarms (allowed)",
            "per 100 pod-hours",
            "precision",
            *(f"recall, {name}" for name in SUBSETS.values()),
            "lead, median / p10 min",
        ),
        rows=tuple(rows),
    )


def _operations(split: SplitResult) -> Iterator[tuple[Judgement, Operated]]:
    for judgement in split.judgements:
        for operated in judgement.operated:
            yield judgement, operated


def _alarm_row(judgement: Judgement, operated: Operated) -> tuple[str, ...]:
    budget, allowed = operated.budget_per_100_pod_hours, operated.allowed
    recalls = operated.recall
    return (
        judgement.title,
        "usual" if budget is None else f"{budget:g}{'' if operated.resolvable else ' *'}",
        f"{operated.false_alarms}" + ("" if allowed is None else f" ({allowed:.1f})"),
        spanned(operated.false_per_100_pod_hours, 1),
        spanned(operated.precision, 2),
        *(spanned(recalls[subset].share, 2) for subset in SUBSETS),
        _lead(recalls["all"]),
    )


def _lead(recall: Recall) -> str:
    return f"{number(recall.lead_minutes_median, 1)} / {number(recall.lead_minutes_p10, 1)}"


def causes_table(split: SplitResult, report: Report, budget: float = 5.0) -> Table:
    """Recall by cause, at one budget."""
    causes = sorted(
        {name for _, o in _operations(split) for name in o.recall if name.startswith("cause:")}
    )
    chosen = [(j, o) for j, o in _operations(split) if o.budget_per_100_pod_hours == budget]
    counts = chosen[0][1].recall if chosen else {}
    return Table(
        title=f"Recall by cause at {budget:g} false alarms per 100 pod-hours, {split.name} split",
        about=about(split, report),
        header=(
            "method",
            *(f"{name.removeprefix('cause:')} (n={counts[name].failures})" for name in causes),
        ),
        rows=tuple(
            (j.title, *(spanned(o.recall[name].share, 2) for name in causes)) for j, o in chosen
        ),
    )


def calibration_table(split: SplitResult, report: Report) -> Table:
    """How honest the probabilities are."""
    rows = [
        (
            judgement.title,
            spanned(judgement.calibrated.brier, 4),
            number(judgement.calibrated.brier_of_prevalence, 4),
            spanned(judgement.calibrated.calibration_error),
        )
        for judgement in split.judgements
        if judgement.calibrated
    ]
    return Table(
        title=f"Calibration, {split.name} split",
        about=about(split, report)
        + " Calibration error: mean distance of probability and observed rate over ten bins of"
        " equally many rows.",
        header=("model", "Brier", "Brier of the prevalence", "calibration error"),
        rows=tuple(rows),
    )


def differences_table(split: SplitResult, report: Report) -> Table:
    """Model minus baseline, paired."""
    metrics = list(dict.fromkeys(d.metric for d in split.differences))
    titles = {judgement.name: judgement.title for judgement in split.judgements}
    found = {(d.second, d.metric): d.difference for d in split.differences}
    seconds = dict.fromkeys(d.second for d in split.differences)
    return Table(
        title=f"Model minus baseline, {split.name} split",
        about=about(split, report)
        + " Differences are paired: the same pods are drawn for both. Recalls at thresholds"
        " chosen for 5 false alarms per 100 pod-hours.",
        header=("baseline", *metrics),
        rows=tuple(
            (titles[name], *(spanned(found[name, metric]) for metric in metrics))
            for name in seconds
        ),
    )


def rows_table(report: Report) -> Table:
    """The classification report: rows at the threshold the service uses."""
    return Table(
        title=f"Rows at the service's threshold, {report.headline.name} split",
        about=about(report.headline, report)
        + " These are rows, not alarms: rows lie closer together than an alarm lasts, and a"
        " failure has many of them before it.",
        header=(
            "model",
            "threshold",
            "right",
            "wrong",
            "missed",
            "quiet",
            "precision",
            "recall",
            "F1",
        ),
        rows=tuple(
            (
                c.title,
                number(c.threshold),
                *(str(n) for n in (c.true_alarms, c.false_alarms, c.missed, c.quiet)),
                *(spanned(one, 2) for one in (c.precision, c.recall, c.f1)),
            )
            for c in report.confusions
        ),
    )


def checks_table(report: Report) -> Table:
    """The canaries."""
    return Table(
        title="Canaries",
        about="A result stands only while all of these pass.",
        header=("check", "found", "expected", ""),
        rows=tuple(
            (c.name, c.found, c.expected, "ok" if c.passed else "FAILED") for c in report.checks
        ),
    )


def importances_table(report: Report) -> Table:
    """What is lost when a group of features is shuffled."""
    return Table(
        title="Importance of feature groups",
        about="Loss of average precision when the columns of a group are shuffled together among"
        " the rows of the campaign-disjoint split. Brackets: span over the permutations.",
        header=("group", "features", "loss of average precision"),
        rows=tuple((i.group, str(len(i.features)), spanned(i.loss)) for i in report.importances),
    )


def naming_table(naming: Naming) -> Table:
    """Whether the reasons that are given name the cause."""
    return Table(
        title="Explanations held against the injected cause",
        about=f"Named: one of the first {naming.first_reasons} reasons raises the risk and is about"
        " a signal of the cause's own. Explained when the pod was last at risk within the horizon,"
        " else at its last forecast. Brackets: 95 % intervals by bootstrap over pods."
        f" One list of {naming.first_reasons} features for all pods, chosen in hindsight, would"
        f" name {naming.fixed_share:.2f} of those with a precursor, one feature"
        f" {naming.fixed_first:.2f}."
        f" {naming.without_own_signal} more failures have no signal of their own. An explanation"
        f" took {naming.milliseconds:.1f} ms on average.",
        header=("failures", "of", "cause named", "share"),
        rows=tuple(
            (title, str(named.failures), str(named.named), spanned(named.share, 2))
            for title, named in _namings(naming)
        ),
    )


def _namings(naming: Naming) -> Iterator[tuple[str, Named]]:
    yield "announced, with precursor", naming.announced
    yield "all with precursor", naming.with_precursor
    yield "all with precursor, by the first reason alone", naming.by_first
    yield "sudden, with a signal of their own", naming.sudden
    yield from naming.by_fault.items()


def baselines_table() -> Table:
    """What the baselines are."""
    return Table(
        title="Baselines",
        about="Rules fire at once, without the quarter of an hour that alert rules usually wait."
        " Below, each is judged where people run it, and tuned to the same budgets on the same"
        " rows as the model.",
        header=("baseline", "fires", "usual threshold"),
        rows=tuple((b.title, b.meaning, "yes" if b.usual else UNKNOWN) for b in BASELINES),
    )


def all_tables(report: Report) -> Iterable[Table]:
    """Everything, in reading order."""
    yield splits_table(report)
    yield baselines_table()
    for split in report.splits:
        if any(judgement.operated for judgement in split.judgements):
            yield alarms_table(split, report)
            yield ranking_table(split, report)
            yield differences_table(split, report)
            yield causes_table(split, report)
            yield calibration_table(split, report)
    yield rows_table(report)
    for target in report.targets:
        yield from target_tables(target)
    yield importances_table(report)
    if report.naming is not None:
        yield naming_table(report.naming)
    yield checks_table(report)

"""From scores to figures with intervals. Every interval is a block bootstrap over pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.evaluation import ranking
from podforecast.evaluation.draws import PodDraws, Sampled
from podforecast.evaluation.figures import (
    Calibrated,
    Difference,
    Judgement,
    Kind,
    Operated,
    Ranked,
    Recall,
)
from podforecast.evaluation.trial import Method, Trial, subset_rows
from podforecast.model import alarms, metrics, threshold
from podforecast.model.resampling import Interval
from podforecast.model.threshold import AlertBudget

TAIL = 0.025
"""Of a 95 % interval."""
COMPARED_BUDGET = AlertBudget(5.0)
"""At which recalls are compared: few enough alarms to live with, enough to be counted."""
MAIN_SUBSETS = ("all", "first", "with_precursor")
SUBSETS_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    "model": (*MAIN_SUBSETS, "cause:"),
    "candidate": MAIN_SUBSETS,
    "rule": MAIN_SUBSETS,
    "leak check": ("all",),
}
"""What is ranked; intervals take their time, so no more than is shown."""


def judge(
    trial: Trial, method: Method, budgets: Iterable[AlertBudget] = threshold.REPORTED_BUDGETS
) -> Judgement:
    """Measure everything of one method on one split."""
    return Judgement(
        name=method.name,
        title=method.title,
        kind=method.kind,
        ranked=ranked(trial, method.test, SUBSETS_OF_KIND[method.kind]),
        calibrated=calibrated(trial, method.test) if method.is_probability else None,
        operated=tuple(_operations(trial, method, budgets)),
    )


def ranked(trial: Trial, score: Array, wanted: tuple[str, ...]) -> Mapping[str, Ranked]:
    """ROC-AUC and average precision on the subsets whose names start with a wanted one."""
    return {
        name: _ranked_subset(trial, score, rows)
        for name, rows in subset_rows(trial.test).items()
        if name.startswith(wanted) and trial.test.y[rows].any()
    }


def _ranked_subset(trial: Trial, score: Array, rows: Index) -> Ranked:
    y, failure = trial.test.y[rows], trial.test.failure[rows]
    area, precision = ranking.ranked(trial.draws, y, score[rows], rows)
    return Ranked(
        failures=len(np.unique(failure[failure >= 0])),
        prevalence=float(y.mean()),
        roc_auc=area.interval(),
        average_precision=precision.interval(),
    )


def calibrated(trial: Trial, probability: Array) -> Calibrated:
    """Brier score and expected calibration error, with the bins behind the latter."""
    test, draws = trial.test, trial.draws
    prevalence = float(test.y.mean())
    squared = draws.per_pod(test.pod, (probability - test.y) ** 2)
    return Calibrated(
        brier=draws.of_ratio(squared, draws.per_pod(test.pod)).interval(),
        brier_of_prevalence=prevalence * (1.0 - prevalence),
        calibration_error=_calibration_error(test, draws, probability).interval(),
        bins=tuple(tuple(row) for row in metrics.reliability(test.y, probability).tolist()),
    )


def _calibration_error(test: Dataset, draws: PodDraws, probability: Array) -> Sampled:
    """Expected calibration error as in :mod:`podforecast.model.metrics`, in all rounds at once.

    The bins are those of the rows as they are; what changes from round to round is how much
    of each bin comes from which pod.
    """
    shares = np.linspace(0, 1, metrics.CALIBRATION_BINS + 1)[1:-1]
    which = np.searchsorted(np.unique(np.quantile(probability, shares)), probability)
    surplus = np.stack(
        [
            draws.per_pod(test.pod[which == one], (probability - test.y)[which == one])
            for one in np.unique(which)
        ],
        axis=1,
    )
    rows = draws.per_pod(test.pod)
    return Sampled(
        float(np.abs(surplus.sum(axis=0)).sum() / rows.sum()),
        np.abs(draws.counts @ surplus).sum(axis=1) / (draws.counts @ rows),
    )


def _operations(trial: Trial, method: Method, budgets: Iterable[AlertBudget]) -> Iterable[Operated]:
    if method.usual is not None:
        yield operated(trial, method.test, method.usual)
    if method.calibration is None:
        return
    for budget in budgets:
        point = threshold.choose(trial.train, method.calibration, budget)
        yield operated(trial, method.test, point.threshold, point=point)


def operated(
    trial: Trial,
    score: Array,
    level: float,
    *,
    point: threshold.OperatingPoint | None = None,
) -> Operated:
    """Live through the test rows with one threshold.

    Parameters
    ----------
    point
        Where the threshold comes from; left out for a rule as people run it.
    """
    test, draws = trial.test, trial.draws
    rows = alarms.notified(test, score, level)
    false = rows & (test.y == 0)
    told, wrong = draws.per_pod(test.pod[rows]), draws.per_pod(test.pod[false])
    hours = draws.per_pod(test.pod) * (test.step_seconds / 3600.0)
    allowed = point.budget.allowed(test.pod_hours) if point else None
    return Operated(
        budget_per_100_pod_hours=point.budget.per_100_pod_hours if point else None,
        threshold=level,
        allowed=allowed,
        resolvable=point is None
        or (point.resolvable and point.budget.allowed(test.pod_hours) >= threshold.RESOLVABLE_FROM),
        notifications=int(rows.sum()),
        false_alarms=int(false.sum()),
        false_per_100_pod_hours=rate(draws, wrong, hours),
        precision=share(draws, told - wrong, told),
        recall=_recalls(test, draws, score, level),
    )


def _recalls(test: Dataset, draws: PodDraws, score: Array, level: float) -> Mapping[str, Recall]:
    failures, minutes = alarms.lead_minutes(test, score, level)
    pods = test.failure_pod[failures]
    return {
        name: _recall(draws, pods[mask], minutes[mask])
        for name, mask in alarms.subsets_of(failures, test.failures).items()
    }


def _recall(draws: PodDraws, pods: Index, minutes: Array) -> Recall:
    found = ~np.isnan(minutes)
    median, p10 = np.quantile(minutes[found], [0.5, 0.1]) if found.any() else (np.nan, np.nan)
    return Recall(
        failures=len(pods),
        caught=int(found.sum()),
        share=share(draws, draws.per_pod(pods[found]), draws.per_pod(pods)),
        lead_minutes_median=float(median),
        lead_minutes_p10=float(p10),
    )


def share(draws: PodDraws, part: Array, whole: Array) -> Interval:
    """Part of a whole, both counted per pod, shape (n_pods,).

    Where the part is nothing or everything, no draw of pods can make it anything else, and a
    bootstrap would be certain. There the exact binomial bound takes over, with pods as trials.
    """
    found = draws.of_ratio(part, whole).interval()
    trials = np.count_nonzero(whole)
    if trials and found.value == 0.0:
        return Interval(0.0, 0.0, 1.0 - TAIL ** (1.0 / trials))
    if trials and found.value == 1.0:
        return Interval(1.0, TAIL ** (1.0 / trials), 1.0)
    return found


def rate(draws: PodDraws, events: Array, hours: Array) -> Interval:
    """Events per 100 hours, both per pod; where there was none, the exact Poisson bound."""
    found = draws.of_ratio(events, hours, scale=100.0).interval()
    if found.value == 0.0:
        return Interval(0.0, 0.0, float(-100.0 * np.log(TAIL) / hours.sum()))
    return found


def differences(trial: Trial, first: Method, others: Iterable[Method]) -> tuple[Difference, ...]:
    """Average precision, ROC-AUC and recall at the compared budget: first minus each other."""
    mine = _compared(trial, first)
    return tuple(
        Difference(
            first=first.name,
            second=other.name,
            metric=metric,
            difference=(mine[metric] - theirs).interval(),
        )
        for other in others
        for metric, theirs in _compared(trial, other).items()
    )


def _compared(trial: Trial, method: Method) -> dict[str, Sampled]:
    draws = trial.draws
    area, precision = ranking.ranked(draws, trial.test.y, method.test)
    found = {"average precision": precision, "ROC-AUC": area}
    if method.calibration is not None:
        level = threshold.choose(trial.train, method.calibration, COMPARED_BUDGET).threshold
        failures, minutes = alarms.lead_minutes(trial.test, method.test, level)
        pods = trial.test.failure_pod[failures]
        caught = draws.per_pod(pods[~np.isnan(minutes)])
        found["recall at 5 per 100 pod-hours"] = draws.of_ratio(caught, draws.per_pod(pods))
    return found

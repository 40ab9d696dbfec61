"""What every threshold would have meant on some rows: for looking at, not for choosing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from podforecast.domain.tables import Dataset
from podforecast.domain.telemetry import Array
from podforecast.model import alarms

LEVELS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCurve:
    """False alarms and recall as the threshold falls; all arrays have shape (n_levels,)."""

    threshold: Array
    false_per_100_pod_hours: Array
    recall: Mapping[str, Array]
    """By subset of failures."""


def alarm_curve(
    test: Dataset, score: Array, *, levels: int = LEVELS, also: Sequence[float] = ()
) -> AlarmCurve:
    """Lower the threshold step by step over the scores of the test rows, and over ``also``.

    The steps are even in the logarithm of the number of rows above the threshold, as only the
    highest scores ever matter. Where a lower threshold makes fewer false alarms (a notification
    that starts later may end later), the recall of the better one is carried on.
    """
    descending = np.sort(score)[::-1]
    above = np.unique(np.geomspace(1, len(score), levels).astype(np.int64))
    thresholds = np.unique(np.append(descending[above - 1], also))[::-1]
    reports = [alarms.report(test, score, float(level)) for level in thresholds]
    false = np.array([report.false_per_100_pod_hours for report in reports])
    order = np.argsort(false, kind="stable")
    names = reports[0].subsets
    return AlarmCurve(
        threshold=thresholds[order],
        false_per_100_pod_hours=false[order],
        recall={
            name: np.maximum.accumulate([reports[k].subsets[name].recall for k in order])
            for name in names
        },
    )


def announced_by(test: Dataset, score: Array, threshold: float, subset: str) -> tuple[Array, Array]:
    """Share of failures announced so many minutes before they begin, or earlier.

    Returns
    -------
    minutes : ndarray of shape (n_caught,)
        Before the failure, falling.
    share : ndarray of shape (n_caught,)
        Rising, of all failures of the subset.
    """
    failures, minutes = alarms.lead_minutes(test, score, threshold)
    chosen = minutes[alarms.subsets_of(failures, test.failures)[subset]]
    caught = np.sort(chosen[~np.isnan(chosen)])[::-1]
    return caught, np.arange(1, len(caught) + 1) / max(len(chosen), 1)

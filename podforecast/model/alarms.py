"""What an operator would have lived through: notifications, failures caught, lead times.

A pod is notified when its score reaches the threshold, and again only after one horizon, for
as long as the score stays there. A notification is *true* if a failure of the pod begins
within the horizon after it, else it is a false alarm. A failure is *caught* if any row in
the horizon before it reached the threshold. No point adjustment: a failure found does not turn
the rows around it into hits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from podforecast.domain.outcomes import Failure
from podforecast.domain.tables import Dataset, Index, Mask
from podforecast.domain.telemetry import HORIZON, Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """How many of some failures were announced, and how long before."""

    failures: int
    caught: int
    lead_minutes_median: float
    """Of those caught; NaN if none was."""
    lead_minutes_p10: float

    @property
    def recall(self) -> float:
        """Share of the failures that were announced; NaN if there were none."""
        return self.caught / self.failures if self.failures else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReport:
    """One threshold on one set of rows."""

    threshold: float
    pod_hours: float
    notifications: int
    false_alarms: int
    subsets: Mapping[str, Caught]
    """By ``all``, ``first``, ``with_precursor`` and ``cause:...``."""
    never_scored: int
    """Failures before which the pod had no row that may be scored; in no subset."""

    @property
    def false_per_100_pod_hours(self) -> float:
        """False alarms per 100 hours of pods that may be scored."""
        return 100.0 * self.false_alarms / self.pod_hours

    @property
    def precision(self) -> float:
        """Share of notifications that were followed by a failure; NaN without any."""
        if not self.notifications:
            return float("nan")
        return 1.0 - self.false_alarms / self.notifications


def notified(
    dataset: Dataset, score: Array, threshold: float, *, horizon: timedelta = HORIZON
) -> Mask:
    """Mark the rows at which an operator hears about a pod.

    Parameters
    ----------
    score
        Larger means riskier, shape (n_rows,); NaN notifies nobody.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
        In the order of the rows, whatever that is.
    """
    marked = np.zeros(len(dataset), dtype=np.bool_)
    above = np.flatnonzero(score >= threshold)
    if not len(above):
        return marked
    above = above[np.lexsort((dataset.time[above], dataset.pod[above]))]
    pod = dataset.pod[above]
    elapsed = dataset.time[above] - dataset.time[above].min()
    # One axis for all pods, so that the next row past the horizon is one binary search.
    axis = elapsed + pod * (elapsed.max() + 2 * horizon.total_seconds())
    following = np.searchsorted(axis, axis + horizon.total_seconds())
    current = np.flatnonzero(np.diff(pod, prepend=-1))
    while len(current):
        marked[above[current]] = True
        after = following[current]
        inside = after < len(above)
        current, after = current[inside], after[inside]
        current = after[pod[after] == pod[current]]
    return marked


def lead_minutes(dataset: Dataset, score: Array, threshold: float) -> tuple[Index, Array]:
    """How long before each failure the score first reached the threshold.

    Returns
    -------
    failures : ndarray of int, shape (n_failures,)
        Indices into ``dataset.failures`` of those that at least one row announces.
    minutes : ndarray of shape (n_failures,)
        From the first alarm inside the horizon to the failure; NaN where it was missed.
    """
    announcing = np.flatnonzero(dataset.failure >= 0)
    failures, which = np.unique(dataset.failure[announcing], return_inverse=True)
    first = np.full(len(failures), np.inf)
    hit = score[announcing] >= threshold
    np.minimum.at(first, which[hit], dataset.time[announcing[hit]])
    onset = np.array([dataset.failures[index].at for index in failures], dtype=np.float64)
    return failures, np.where(np.isfinite(first), (onset - first) / 60.0, np.nan)


def subsets_of(failures: Index, all_failures: tuple[Failure, ...]) -> dict[str, Mask]:
    """Which of the chosen failures belong to each subset that is reported.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_failures,)
        ``all``, ``first``, ``with_precursor``, then one ``cause:...`` per cause that occurs.
    """
    chosen = [all_failures[index] for index in failures]
    masks = {
        "all": np.ones(len(chosen), dtype=np.bool_),
        "first": np.array([f.first for f in chosen], dtype=np.bool_),
        "with_precursor": np.array([f.precursor for f in chosen], dtype=np.bool_),
    }
    for cause in sorted({f.cause for f in chosen}):
        masks[f"cause:{cause}"] = np.array([f.cause == cause for f in chosen], dtype=np.bool_)
    return masks


def report(
    dataset: Dataset, score: Array, threshold: float, *, horizon: timedelta = HORIZON
) -> AlarmReport:
    """Everything an operator would have lived through at one threshold."""
    rows = notified(dataset, score, threshold, horizon=horizon)
    failures, minutes = lead_minutes(dataset, score, threshold)
    masks = subsets_of(failures, dataset.failures)
    return AlarmReport(
        threshold=threshold,
        pod_hours=dataset.pod_hours,
        notifications=int(rows.sum()),
        false_alarms=int(np.sum(rows & (dataset.y == 0))),
        subsets={name: _caught(minutes[mask]) for name, mask in masks.items()},
        never_scored=never_scored(dataset, horizon=horizon),
    )


def never_scored(dataset: Dataset, *, horizon: timedelta = HORIZON) -> int:
    """Count failures of the dataset's pods, within its time, that no row announces.

    A pod that was down, too young or not scraped for the whole horizon before its failure has
    no row to be scored, so no model can be blamed; they are counted all the same.
    """
    first = np.full(len(dataset.pods), np.inf)
    last = np.full(len(dataset.pods), -np.inf)
    for campaign in np.unique(dataset.campaign):
        inside = dataset.campaign == campaign
        pods = np.unique(dataset.pod[inside])
        first[pods] = dataset.time[inside].min()
        last[pods] = dataset.time[inside].max() + horizon.total_seconds()
    at = np.array([f.at for f in dataset.failures], dtype=np.float64)
    within = (at > first[dataset.failure_pod]) & (at <= last[dataset.failure_pod])
    within[np.unique(dataset.failure[dataset.failure >= 0])] = False
    return int(within.sum())


def _caught(minutes: Array) -> Caught:
    found = minutes[~np.isnan(minutes)]
    median, p10 = np.quantile(found, [0.5, 0.1]) if len(found) else (np.nan, np.nan)
    return Caught(
        failures=len(minutes),
        caught=len(found),
        lead_minutes_median=float(median),
        lead_minutes_p10=float(p10),
    )

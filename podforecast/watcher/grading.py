"""What came of forecasts whose horizon has passed.

The definitions are those the model is judged by (:mod:`podforecast.model.alarms`,
:mod:`podforecast.model.labels`), scan by scan instead of on a whole table. A forecast that nobody
can judge is a row that such a table does not have: it neither notifies nor announces. That is

- one without a probability, or just after a failure of the pod;
- one whose horizon was not watched: scans are missing, or had no telemetry. It is left out
  whatever happened then: to keep the failures that are known all the same, and only these,
  would raise the share of failures;
- one whose pod was out of sight before its horizon had passed, and had not failed. It may have
  been replaced because of the forecast.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from podforecast.domain.history import (
    AnnouncedFailure,
    GradedScan,
    Notification,
    Outcome,
    Outcomes,
    ScanRecord,
)
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import WINDOW
from podforecast.model.labels import AFTERMATH
from podforecast.watcher.kept_scans import KeptScan, KeptScans

LAG_SECONDS = AFTERMATH.total_seconds()
"""A failure is dated at the first sample that shows it, which takes up to two scrapes to come."""
LONGEST_GAP_SECONDS = WINDOW.total_seconds()
"""A pod that a scan could score had enough samples in the window before it: scans no farther
apart than that have seen everything between them."""

Failures = Mapping[PodRef, Sequence[Failure]]
"""Those known by now, of each pod in order of time."""
Notified = Mapping[PodRef, float]
"""When an operator last heard of a pod, Unix seconds."""

_AT = attrgetter("at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the time around the scans to be graded."""

    scans: KeptScans
    """From one horizon before them to the present one."""
    failures: Failures
    longest_gap: float = LONGEST_GAP_SECONDS
    """Scans farther apart than this, in seconds, did not see everything between them."""


def is_due(record: ScanRecord, now: float) -> bool:
    """Whether what came of a scan is known at a time, as far as it will ever be."""
    return now >= record.at + record.horizon_seconds + LAG_SECONDS


def not_judged(record: ScanRecord) -> GradedScan:
    """Grade a scan of which nothing is known any more, as after a long stop."""
    outcomes = np.full(len(record.pods), Outcome.NOT_JUDGED, dtype=np.int8)
    return GradedScan(at=record.at, outcomes=outcomes)


def grade(
    scan: KeptScan, evidence: Evidence, notified: Notified
) -> tuple[GradedScan, dict[PodRef, float]]:
    """Grade one scan; those before it come first, or have come.

    Parameters
    ----------
    scan
        One of the evidence's scans, which is due.
    evidence
        What is known by now.
    notified
        As the grading of the scan before returned it; empty for the first one.

    Returns
    -------
    GradedScan
    dict of PodRef to float
        When each pod was last notified of, within the horizon before the scan: for the next one.
        Grading the scan again with this gives the same.
    """
    record = scan.record
    ahead = _ahead(record, evidence.failures)
    outcomes = _outcomes(scan, evidence, ahead)
    notifications = tuple(
        Notification(pod=pod, at=record.at, failed=pod in ahead)
        for pod in _at_risk(record, outcomes)
        if _hears(record, notified.get(pod))
    )
    since = record.at - record.horizon_seconds
    remembered = {pod: at for pod, at in notified.items() if at > since}
    return (
        GradedScan(
            at=record.at,
            outcomes=outcomes,
            notifications=notifications,
            failures=tuple(_told(scan, evidence)),
        ),
        remembered | {each.pod: each.at for each in notifications},
    )


def _hears(record: ScanRecord, last: float | None) -> bool:
    """Whether an operator hears of a pod, who last did at a time."""
    return last is None or last == record.at or record.at >= last + record.horizon_seconds


def _at_risk(record: ScanRecord, outcomes: Outcomes) -> Iterator[PodRef]:
    rows = np.flatnonzero(record.at_risk & (outcomes != Outcome.NOT_JUDGED))
    return (record.pods[row] for row in rows.tolist())


def _ahead(record: ScanRecord, failures: Failures) -> dict[PodRef, Failure]:
    """Return the earliest failure of each pod that begins within the horizon."""
    found = {}
    for pod, own in failures.items():
        failure = _next(own, record.at, record.horizon_seconds)
        if failure is not None:
            found[pod] = failure
    return found


def _next(own: Sequence[Failure], at: float, horizon: float) -> Failure | None:
    place = bisect_right(own, at, key=_AT)
    return own[place] if place < len(own) and own[place].at <= at + horizon else None


def _outcomes(scan: KeptScan, evidence: Evidence, ahead: Mapping[PodRef, Failure]) -> Outcomes:
    record = scan.record
    outcomes = np.full(len(record.pods), Outcome.NOT_JUDGED, dtype=np.int8)
    if not _was_watched(scan, evidence):
        return outcomes
    outcomes[_stayed_in_sight(scan, evidence)] = Outcome.NOTHING
    row_of = np.full(evidence.scans.width + 1, -1, dtype=np.int64)
    row_of[scan.number] = np.arange(len(record.pods))
    # Whoever is not known has the number -1: the last place, which no row has taken.
    outcomes[_rows(row_of, evidence, ahead)] = Outcome.FAILED
    just_failed = [pod for pod, own in evidence.failures.items() if _just_failed(own, record.at)]
    outcomes[_rows(row_of, evidence, just_failed)] = Outcome.NOT_JUDGED
    outcomes[~np.isfinite(record.probability) | record.failing] = Outcome.NOT_JUDGED
    return outcomes


def _rows(
    row_of: np.ndarray, evidence: Evidence, pods: Mapping[PodRef, Failure] | Sequence[PodRef]
) -> np.ndarray:
    numbers = [evidence.scans.number_of(pod) for pod in pods]
    rows = row_of[np.array(numbers, dtype=np.int64)]
    return rows[rows >= 0]


def _just_failed(own: Sequence[Failure], at: float) -> bool:
    place = bisect_right(own, at, key=_AT)
    return place > 0 and at - own[place - 1].at < AFTERMATH.total_seconds()


def _following(scan: KeptScan, scans: KeptScans) -> Sequence[KeptScan]:
    """Scans after one, up to the first at which it was due: the same whenever it is graded."""
    due = scan.at + scan.record.horizon_seconds + LAG_SECONDS
    closing = scans.from_on(due)
    return () if closing is None else scans.between(scan.at, closing.at)


def _was_watched(scan: KeptScan, evidence: Evidence) -> bool:
    """Whether there was telemetry of anybody all through the horizon."""
    following = _following(scan, evidence.scans)
    seen = np.array([scan.at, *(each.at for each in following if each.known.any())])
    reaches = seen[-1] >= scan.at + scan.record.horizon_seconds
    return bool(reaches and np.all(np.diff(seen) <= evidence.longest_gap))


def _stayed_in_sight(scan: KeptScan, evidence: Evidence) -> Mask:
    """Tell of which pods there was telemetry all through the horizon, (n_pods,)."""
    seen_at = np.full(evidence.scans.width, scan.at)
    stayed = np.ones(evidence.scans.width, dtype=np.bool_)
    for each in _following(scan, evidence.scans):
        seen = each.number[each.known]
        stayed[seen] &= each.at - seen_at[seen] <= evidence.longest_gap
        seen_at[seen] = each.at
    stayed &= seen_at >= scan.at + scan.record.horizon_seconds
    in_sight: Mask = stayed[scan.number]
    return in_sight


def _told(scan: KeptScan, evidence: Evidence) -> Iterator[AnnouncedFailure]:
    """Failures since the scan before: every scan that could announce one of them has its grade."""
    after = max(evidence.scans.before(scan.at), scan.at - scan.record.horizon_seconds)
    found = [
        failure
        for own in evidence.failures.values()
        for failure in own
        if after < failure.at <= scan.at
    ]
    for failure in sorted(found, key=lambda each: (each.at, each.pod)):
        rows = list(_announcing(failure, scan.record.horizon_seconds, evidence))
        if rows:
            warned = [at for at, at_risk in rows if at_risk]
            minutes = (failure.at - warned[0]) / 60.0 if warned else None
            yield AnnouncedFailure(failure=failure, announced_minutes=minutes)


def _announcing(
    failure: Failure, horizon: float, evidence: Evidence
) -> Iterator[tuple[float, bool]]:
    """Judged forecasts that are about a failure, oldest first: when, and whether at risk."""
    number, own = evidence.scans.number_of(failure.pod), evidence.failures[failure.pod]
    for scan in evidence.scans.between(failure.at - 2 * horizon, failure.at):
        record = scan.record
        rows = np.flatnonzero(scan.number == number)
        if not len(rows) or _next(own, scan.at, record.horizon_seconds) is not failure:
            continue
        row = int(rows[0])
        scored = bool(np.isfinite(record.probability[row])) and not record.failing[row]
        if scored and not _just_failed(own, scan.at) and _was_watched(scan, evidence):
            yield scan.at, bool(record.at_risk[row])

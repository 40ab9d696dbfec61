"""Grades scans of a store one after the other, and remembers what the next one needs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import numpy as np
import orjson

from podforecast.domain.history import GradedScan, Outcome, ScanRecord
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import HORIZON, STEP
from podforecast.watcher.grading import (
    LAG_SECONDS,
    LONGEST_GAP_SECONDS,
    Evidence,
    Failures,
    grade,
    is_due,
    not_judged,
)
from podforecast.watcher.kept_scans import KeptScans

logger = logging.getLogger(__name__)

MOST_A_TICK = 20
"""Scans graded at once; after a time without the store there may be many."""
MOST_KEPT = 200
"""Of scans in memory. A tick of 100 000 pods takes a megabyte."""
HORIZONS_KEPT = 2
"""Before the oldest scan to be graded: a failure just told is announced by scans before it."""
HORIZONS_RESUMED = 4
"""Of the past read back at the start. What is older was not watched to the end, and never will."""
NOTIFIED = "grading"
"""Under this name the store remembers who was notified of when."""


class GradedStore(Protocol):
    """What grading needs of a store."""

    def due(self, until: float, *, limit: int = 20) -> list[ScanRecord]: ...
    def recent(self, since: float) -> list[ScanRecord]: ...
    def grade(self, graded: Sequence[GradedScan]) -> None: ...
    def remember(self, name: str, document: bytes) -> None: ...
    def recall(self, name: str) -> bytes | None: ...


@dataclass(slots=True)
class Tally:
    """What was graded since the process began; only ever grows."""

    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    true_notifications: int = 0
    false_alarms: int = 0
    announced: int = 0
    unannounced: int = 0

    def add(self, graded: GradedScan) -> None:
        for outcome in Outcome:
            self.outcomes[outcome] += int(np.count_nonzero(graded.outcomes == outcome))
        true = sum(each.failed for each in graded.notifications)
        announced = sum(each.announced_minutes is not None for each in graded.failures)
        self.true_notifications += true
        self.false_alarms += len(graded.notifications) - true
        self.announced += announced
        self.unannounced += len(graded.failures) - announced


class Grader:
    """Grades what is due, oldest first.

    Parameters
    ----------
    interval
        From one scan to the next, by the clock of the source.
    """

    def __init__(self, *, interval: timedelta = STEP) -> None:
        self._longest_gap = max(LONGEST_GAP_SECONDS, 1.5 * interval.total_seconds())
        self.tally = Tally()
        self._begin()

    def start_over(self) -> None:
        """Forget the scans; what was counted stays counted."""
        self._begin()

    def _begin(self) -> None:
        self._scans = KeptScans()
        self._notified: dict[PodRef, float] = {}
        self._is_resumed = False
        self._graded_until = -np.inf

    @property
    def newest_at(self) -> float:
        """Unix seconds of the newest scan; -inf before the first."""
        return self._scans.latest_at

    @property
    def ungraded(self) -> int:
        """Scans in memory that are yet to be graded."""
        return len(self._scans.between(self._graded_until, np.inf))

    def add(self, record: ScanRecord) -> None:
        """Keep a scan as evidence about those before it, until it is due itself."""
        self._scans.add(record)
        self._scans.forget_before(-np.inf, most=MOST_KEPT)

    def grade_due(self, store: GradedStore, failures: Failures) -> int:
        """Grade what is due by now, some of it if that is much; return how many scans.

        Raises
        ------
        StoreUnavailable, StoreRefused
            What was not graded is graded the next time.
        """
        if not self._is_resumed:
            self._resume(store)
        now = self._scans.latest_at
        until = now - HORIZON.total_seconds() - LAG_SECONDS
        due = [each for each in store.due(until, limit=MOST_A_TICK) if is_due(each, now)]
        for record in due:
            self._grade(record, store, failures)
        needed = due[-1].at if len(due) == MOST_A_TICK else until
        oldest = needed - HORIZONS_KEPT * HORIZON.total_seconds()
        self._scans.forget_before(oldest, most=MOST_KEPT)
        return len(due)

    def _grade(self, record: ScanRecord, store: GradedStore, failures: Failures) -> None:
        scan = self._scans.at(record.at)
        if scan is None or scan.record.pods != record.pods:
            graded, notified = not_judged(record), self._notified
        else:
            known = Evidence(scans=self._scans, failures=failures, longest_gap=self._longest_gap)
            graded, notified = grade(scan, known, self._notified)
        if graded.notifications:
            # First: to grade the scan again with this is harmless, to forget it would not be.
            store.remember(NOTIFIED, _written(notified))
        store.grade([graded])
        self._notified = notified
        self._graded_until = record.at
        self.tally.add(graded)

    def _resume(self, store: GradedStore) -> None:
        """Read back what the process before this one knew."""
        own = self._scans
        first = own.between(-np.inf, np.inf)[0].at if len(own) else np.inf
        past = store.recent(own.latest_at - HORIZONS_RESUMED * HORIZON.total_seconds())
        self._scans = KeptScans(each for each in past if each.at < first)
        for scan in own.between(-np.inf, np.inf):
            self._scans.add(scan.record)
        self._notified = _read(store.recall(NOTIFIED))
        self._is_resumed = True


def _written(notified: dict[PodRef, float]) -> bytes:
    return orjson.dumps([[pod.namespace, pod.name, at] for pod, at in notified.items()])


def _read(document: bytes | None) -> dict[PodRef, float]:
    if document is None:
        return {}
    try:
        rows = orjson.loads(document)
        return {PodRef(str(namespace), str(name)): float(at) for namespace, name, at in rows}
    except (ValueError, TypeError) as error:
        # At worst one notification of a pod that stays at risk is counted anew.
        logger.warning("event=grading_forgot kind=%s", type(error).__name__)
        return {}

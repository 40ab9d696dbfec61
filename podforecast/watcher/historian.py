"""Keeps every scan in a store, and grades it there once its horizon has passed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn, Protocol

from podforecast.domain.history import ScanRecord, Track
from podforecast.domain.telemetry import HORIZON, STEP
from podforecast.errors import PodforecastError, StoreRefused, StoreUnavailable
from podforecast.watcher.grader import GradedStore, Grader, Tally
from podforecast.watcher.snapshot import Snapshot

MOST_WAITING = 40
"""Scans that wait for a store that is gone: ten minutes of them. Then the oldest are lost."""
RETRY = timedelta(seconds=30)
"""A store that does not answer costs its time-out, for which the next scan would wait."""
PURGE_EVERY = timedelta(minutes=1)
RETENTION = timedelta(days=7)
REST = 20
"""Adding the track up pauses for so many times the time it took: it is 5 % of the work at most."""


class ScanStore(GradedStore, Protocol):
    """What is needed of a store, see :class:`podforecast.store.store.ForecastStore`."""

    def record(self, scan: ScanRecord) -> None: ...
    def track(self, *, since: float, model_version: str | None = None) -> Track: ...
    def purge(self, before: float) -> int: ...
    def clear(self) -> None: ...
    def close(self) -> None: ...


class Historian:
    """A :class:`~podforecast.watcher.follower.Follower` that keeps and grades.

    Parameters
    ----------
    open_store
        Opens the store, at the first scan: a service starts without one.
    retention
        Older scans are deleted.
    interval
        From one scan to the next, by the clock of the source.
    forgets
        Whether the history is void when the source starts over, as that of a replay is. That of
        a cluster is not: somebody has put its clock back.
    clock
        Seconds of a clock that never goes back.
    """

    name = "store"

    def __init__(
        self,
        open_store: Callable[[], ScanStore],
        *,
        retention: timedelta = RETENTION,
        interval: timedelta = STEP,
        forgets: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_store = open_store
        self._retention = retention
        self._forgets = forgets
        self._clock = clock
        self._grader = Grader(interval=interval)
        self._store: ScanStore | None = None
        self._waiting: deque[ScanRecord] = deque()
        self._lost = 0
        self._failures = 0
        self._trouble: PodforecastError | None = None
        self._retry_at = self._purge_at = self._track_at = -float("inf")
        self._tracked: tuple[str, Track] | None = None

    def track(self, model_version: str | None = None) -> Track | None:
        """What graded forecasts of the present model add up to; for readers in other threads.

        None before the store has been asked for the first time, and where the latest scan was
        made by another model than the one that is meant.
        """
        tracked = self._tracked
        if tracked is None or model_version not in {None, tracked[0]}:
            return None
        return tracked[1]

    @property
    def trouble(self) -> PodforecastError | None:
        """Why the store could not be used the last time; None if it could."""
        return self._trouble

    @property
    def tally(self) -> Tally:
        """What was graded since the process began."""
        return self._grader.tally

    @property
    def waiting(self) -> int:
        """Scans that are not written yet."""
        return len(self._waiting)

    @property
    def ungraded(self) -> int:
        """Scans whose horizon has not passed, or that could not be graded yet."""
        return self._grader.ungraded

    @property
    def lost(self) -> int:
        """Scans that were never written, since the process began."""
        return self._lost

    @property
    def failures(self) -> int:
        """How often the store could not be used, since the process began."""
        return self._failures

    def follow(self, snapshot: Snapshot) -> None:
        """Keep the present scan, and grade those that are due.

        Raises
        ------
        StoreUnavailable, StoreRefused
            The scan waits then, with others, until the store is back.
        """
        self._take(record_of(snapshot))
        if self._trouble is not None and self._clock() < self._retry_at:
            self._raise(self._trouble)
        try:
            self._work(self._opened(), snapshot)
        except (StoreUnavailable, StoreRefused) as error:
            self._failures += 1
            self._trouble = type(error)(error.message, hint=error.hint)  # without the traceback
            self._retry_at = self._clock() + RETRY.total_seconds()
            self._raise(error)
        self._trouble = None

    def start_over(self) -> None:
        """Forget the scans in memory, and those in the store if they are void."""
        self._grader.start_over()
        if self._forgets:
            self._waiting.clear()
            self._tracked = None
            if self._store is not None:
                self._store.clear()

    def close(self) -> None:
        """Write what waits, and let the store go."""
        if self._store is None:
            return
        try:
            self._write(self._store)
        finally:
            self._store.close()

    def _take(self, record: ScanRecord) -> None:
        """Let a scan wait to be written; another model's scan of the same moment is left out."""
        if record.at <= self._grader.newest_at:
            return
        self._grader.add(record)
        self._waiting.append(record)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def _opened(self) -> ScanStore:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _work(self, store: ScanStore, snapshot: Snapshot) -> None:
        self._write(store)
        self._grader.grade_due(store, snapshot.failures)
        self._purge(store, snapshot.present.at)
        self._add_up(store, snapshot.model.manifest.model_version)

    def _write(self, store: ScanStore) -> None:
        while self._waiting:
            store.record(self._waiting[0])
            self._waiting.popleft()

    def _purge(self, store: ScanStore, now: float) -> None:
        if self._clock() >= self._purge_at:
            store.purge(now - self._retention.total_seconds())
            self._purge_at = self._clock() + PURGE_EVERY.total_seconds()

    def _add_up(self, store: ScanStore, model_version: str) -> None:
        known = self._tracked is not None and self._tracked[0] == model_version
        began = self._clock()
        if known and began < self._track_at:
            return
        self._tracked = model_version, store.track(since=0.0, model_version=model_version)
        ended = self._clock()
        self._track_at = ended + REST * (ended - began)

    def _raise(self, error: PodforecastError) -> NoReturn:
        """Say what it costs; in the hint, since the message is logged anew when it changes."""
        lost = f", {self._lost} were lost" if self._lost else ""
        scans = f"{len(self._waiting)} scans wait to be written{lost}."
        # Afresh: a raised error collects a traceback, which must not pile up.
        raise type(error)(error.message, hint=f"{scans} {error.hint}".rstrip()) from error


def record_of(snapshot: Snapshot) -> ScanRecord:
    """Turn the present scan into what is kept of it."""
    scan, model = snapshot.present, snapshot.model
    return ScanRecord(
        at=scan.at,
        model_version=model.manifest.model_version,
        threshold=model.threshold,
        horizon_seconds=HORIZON.total_seconds(),
        pods=scan.index.pods,
        workloads=scan.index.workloads,
        probability=scan.probability,
        at_risk=scan.at_risk,
        failing=scan.failing,
    )

"""Looks at the fleet once per tick, and publishes what it saw.

Readers take :attr:`FleetWatcher.latest`, which is replaced as a whole and never changed: no reader
waits for a scan, and none triggers one.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from podforecast.domain.tables import FeatureTable
from podforecast.domain.telemetry import HISTORY, STEP
from podforecast.errors import PodforecastError, TelemetryUnavailable
from podforecast.features.build import SIGNALS_READ, build
from podforecast.model.scorer import Scorer
from podforecast.pipeline.walk import feature_tables
from podforecast.watcher.explained import explained
from podforecast.watcher.follower import Follower, Followers
from podforecast.watcher.outlook import outlook, status_now
from podforecast.watcher.scan import Scan, only, present, scan
from podforecast.watcher.snapshot import Snapshot, by_pod
from podforecast.watcher.source import FleetSource
from podforecast.watcher.status import SourceStatus

logger = logging.getLogger(__name__)

KEPT_SCANS = 240
"""An hour of them at a scan per sample."""
BACKFILL = timedelta(minutes=30)
"""The past that is scanned at the start, so that timelines begin with a story."""
BACKFILL_EVERY = 2
"""Samples between two scans of the past: half the work, and a curve looks the same."""

LONGEST_WAIT = timedelta(seconds=15)
"""After failures in a row: reading a broken recording again and again would be work for nothing."""

Report = Callable[[float, str], None]
"""Told after each scan: seconds it took, and ``ok`` or ``failed``."""


def _nobody(_: float, __: str) -> None:
    """Report to nobody."""


class FleetWatcher:
    """Scans a source, one tick after the other, all in one thread.

    Parameters
    ----------
    source
        Where telemetry comes from. Opened at the first tick.
    model
        Returns the model to score with, asked at every tick; raises where there is none.
    clock
        Seconds of a wall clock that never goes back.
    report
        Told about each scan.
    followers
        Shown each snapshot, in this order; what one of them fails at harms neither the scan nor
        the others.
    """

    def __init__(
        self,
        source: FleetSource,
        *,
        model: Callable[[], Scorer],
        clock: Callable[[], float] = time.monotonic,
        report: Report = _nobody,
        followers: Sequence[Follower] = (),
    ) -> None:
        self._source = source
        self._model = model
        self._clock = clock
        self._report = report
        self._followers = Followers(followers)
        self._opened = False
        self._filling = True
        self._scans: deque[Scan] = deque(maxlen=KEPT_SCANS)
        self._latest: Snapshot | None = None
        self._reason: PodforecastError | None = None
        self._failures = 0

    @property
    def latest(self) -> Snapshot | None:
        """What the latest scan saw; None before the first."""
        return self._latest

    @property
    def reason(self) -> PodforecastError | None:
        """Why the latest tick failed; None if it did not."""
        return self._reason

    @property
    def wait(self) -> timedelta:
        """From one tick to the next: the interval, and longer after failures in a row."""
        interval = self._source.facts.interval
        doubled = 1 << min(self._failures, 10)
        return max(interval, min(doubled * interval, LONGEST_WAIT))

    def status(self) -> SourceStatus:
        """Say how the source does."""
        latest = self._latest
        return SourceStatus(
            facts=self._source.facts,
            told="" if latest is None else latest.told,
            scanned_at=None if latest is None else latest.present.at,
            age_seconds=None if latest is None else self._clock() - latest.made_at,
            scans_the_past=self._filling,
            reason=self._reason,
            troubles=self._followers.troubles,
        )

    def close(self) -> None:
        """Let the followers finish. Called once, after the last tick."""
        self._followers.close()

    def tick(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Scan once, if there is anything new; never raises.

        Parameters
        ----------
        stopped
            Asked between the scans of the past, which take seconds altogether.
        """
        started = self._clock()
        try:
            scanned = self._look(stopped)
        except PodforecastError as error:
            if self._is_news(error):
                kind, reason = type(error).__name__, json.dumps(error.message)
                logger.warning("event=scan_failed kind=%s reason=%s", kind, reason)
            self._failed(error, started)
        except Exception as error:
            # Outermost: whatever it is, the next tick may do better, and the service goes on.
            unforeseen = TelemetryUnavailable(
                f"the scan failed for a reason nobody foresaw ({type(error).__name__})",
                hint="The log of the service has the cause.",
            )
            if self._is_news(unforeseen):
                logger.exception("event=scan_failed kind=%s", type(error).__name__)
            self._failed(unforeseen, started)
        else:
            self._reason, self._failures = None, 0
            if scanned:
                self._report(self._clock() - started, "ok")
            if scanned and self._latest is not None:
                self._followers.show(self._latest)

    def _is_news(self, error: PodforecastError) -> bool:
        """Whether it should be logged: the same reason at every tick would bury the rest."""
        return self._reason is None or self._reason.message != error.message

    def _failed(self, error: PodforecastError, started: float) -> None:
        self._reason = error
        self._failures += 1
        self._report(self._clock() - started, "failed")

    def _look(self, stopped: Callable[[], bool]) -> bool:
        """Return False where there is nothing new."""
        began = self._clock()
        model = self._model()
        if not self._opened:
            self._source.open()
            self._opened = True
        now = self._source.now()
        if self._is_known(now, model):
            return False
        self._forget_from(now)
        begins = not self._scans
        self._filling |= begins
        self._scan(now, model)
        if begins:
            self._scan_the_past(now, model, stopped)
        self._log(self._clock() - began, is_first=begins)
        return True

    def _log(self, seconds: float, *, is_first: bool) -> None:
        # A replay scans ten times as often, and nobody looks after it.
        is_news = is_first or self._source.facts.speed is None
        level = logging.INFO if is_news else logging.DEBUG
        if self._latest is not None and logger.isEnabledFor(level):
            present = self._latest.present
            logger.log(
                level,
                "event=scan source=%s pods=%d at_risk=%d seconds=%.2f kept=%d model=%s",
                json.dumps(self._source.facts.name),
                len(present.index.pods),
                int(present.at_risk.sum()),
                seconds,
                len(self._scans),
                self._latest.model.manifest.model_version,
            )

    def _is_known(self, now: datetime, model: Scorer) -> bool:
        latest = self._latest
        return latest is not None and latest.present.at == now.timestamp() and latest.model is model

    def _forget_from(self, now: datetime) -> None:
        """Drop a scan of this moment, which another model made; all, if the source starts over."""
        latest = self._scans[-1].at if self._scans else -np.inf
        if latest > now.timestamp():
            self._scans.clear()
            self._followers.start_over()
        elif latest == now.timestamp():
            self._scans.pop()

    def _scan(self, now: datetime, model: Scorer) -> None:
        block = self._source.read(SIGNALS_READ, start=now - HISTORY, end=now)
        there = present(block)
        table = only(build(block), there)
        made = scan(table, model, before=self._scans[-1] if self._scans else None)
        self._scans.append(made)
        self._latest = Snapshot(
            scans=tuple(self._scans),
            features=table.values,
            failures=by_pod(self._source.failures_until(now)),
            muted=self._source.muted(now),
            outlook=outlook(
                table.values, made.probability, made.failing, status_now(block)[there], model
            ),
            explained=explained(
                table,
                made.probability,
                model,
                sizes=lambda pods: self._source.sizes(pods, now),
                scope=self._source.facts.scope,
            ),
            scope=self._source.facts.scope,
            model=model,
            told=self._source.tell(now),
            made_at=self._clock(),
        )

    def _scan_the_past(self, now: datetime, model: Scorer, stopped: Callable[[], bool]) -> None:
        """Put scans of the past before the one that is there, so that timelines tell a story."""
        past: list[Scan] = []
        try:
            for table in self._past(now):
                if stopped():
                    return
                past.append(scan(table, model, before=past[-1] if past else None))
        finally:
            self._filling = False
        self._scans.extendleft(reversed(past))
        if self._latest is not None:
            self._latest = replace(self._latest, scans=tuple(self._scans))

    def _past(self, now: datetime) -> Iterator[FeatureTable]:
        """Feature tables of the pods that were there, oldest first, up to the moment before now."""
        begins = self._source.begins()
        first = now - BACKFILL if begins is None else max(now - BACKFILL, begins)
        if first >= now:
            return
        block = self._source.read(SIGNALS_READ, start=first - HISTORY, end=now - STEP)
        column = int(np.searchsorted(block.times, first.timestamp()))
        for table in feature_tables(block, first=column, every=BACKFILL_EVERY):
            n_times = int(np.searchsorted(block.times, table.at)) + 1
            yield only(table, present(block.until(n_times)))

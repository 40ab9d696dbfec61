"""A recorded campaign as a live cluster: replayed faster than real time, over and over.

Nothing after the replay's now leaves this module, neither samples nor failures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from podforecast.domain.memory import MemorySize
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.errors import DataUnusable, TelemetryUnavailable
from podforecast.pipeline.examples import WARM_UP
from podforecast.watcher.campaigns import find_campaign
from podforecast.watcher.memory_sizes import LIMIT, USED, sizes_of
from podforecast.watcher.replay_clock import Position, ReplayClock
from podforecast.watcher.source import SourceFacts

if TYPE_CHECKING:
    from podforecast.telemetry.recording import Recording

STEP = timedelta(seconds=15)
"""A scan per sample of the recording ..."""
SHORTEST_INTERVAL = timedelta(seconds=1)
"""... but no more than this by the wall clock, however fast the replay: moments are left out."""
SHORTEST_LAP = timedelta(minutes=1)
"""Less of a recording is nothing to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """Which campaign to replay, how fast, and from where on."""

    data_dir: Path
    campaign: str = ""
    """Folder in ``data_dir``; empty means the first one that no model was trained on."""
    speed: float = 10.0
    """Times faster than real time."""
    start_minute: float = 40.0
    """Minutes of the recording that have passed already when the replay starts."""


class ReplaySource:
    """A :class:`~podforecast.watcher.source.FleetSource` that replays a recording.

    Parameters
    ----------
    plan
        What to replay.
    clock
        Seconds of a wall clock that never goes back.
    """

    def __init__(self, plan: ReplayPlan, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._wall = clock
        self._recording: Recording | None = None
        self._clock: ReplayClock | None = None
        self._now = Position(timedelta(0), 1)

    @property
    def facts(self) -> SourceFacts:
        opened = self._recording
        return SourceFacts(
            kind="replay",
            name=opened.name if opened else self._plan.campaign or "a recorded campaign",
            interval=max(STEP / self._plan.speed, SHORTEST_INTERVAL),
            speed=self._plan.speed,
        )

    def open(self) -> None:
        """Read the recording and start its clock.

        Raises
        ------
        TelemetryUnavailable
            If there is none to replay, it can not be read, or is over before it would start.
        """
        # Arrow alone takes a third of a second, which readiness need not wait for.
        from podforecast.telemetry.memory import give_back
        from podforecast.telemetry.recording import Recording

        folder = find_campaign(self._plan.data_dir, self._plan.campaign)
        try:
            recording = Recording.open(folder)
        except DataUnusable as error:
            raise TelemetryUnavailable(
                f"the recorded campaign {folder.name} can not be read", hint=error.hint
            ) from error
        self._clock = ReplayClock(
            first=_first(self._plan.start_minute, recording),
            last=recording.end - recording.start,
            speed=self._plan.speed,
            started=self._wall(),
        )
        self._recording = recording
        give_back()

    def now(self) -> datetime:
        """Look at the clock; what is read until the next look is as of this moment."""
        recording, clock = self._opened()
        self._now = clock.position(self._wall())
        return self._moment(recording)

    def begins(self) -> datetime:
        """After the warm-up, as in training: nobody has looked at these pods for long enough."""
        recording, clock = self._opened()
        return recording.start + min(WARM_UP, clock.first)

    def read(self, signals: Sequence[str], *, start: datetime, end: datetime) -> TelemetryBlock:
        """Return recorded samples.

        Raises
        ------
        ValueError
            If ``end`` is still to come.
        """
        recording, _ = self._opened()
        if end > self._moment(recording):
            raise ValueError(f"{end} is after the replay's now, {self._moment(recording)}")
        return recording.read(signals, start=max(start, recording.start), end=end)

    def failures_until(self, moment: datetime) -> tuple[Failure, ...]:
        recording, _ = self._opened()
        latest = min(moment, self._moment(recording)).timestamp()
        return tuple(failure for failure in recording.failures if failure.at <= latest)

    def muted(self, moment: datetime) -> frozenset[PodRef]:  # noqa: ARG002 - of the protocol
        """Return none: a recording has no annotations."""
        return frozenset()

    def sizes(self, pods: Sequence[PodRef], moment: datetime) -> Mapping[PodRef, MemorySize]:
        recording, _ = self._opened()
        return sizes_of(recording.read((USED, LIMIT), start=moment, end=moment), pods)

    def tell(self, moment: datetime) -> str:
        recording, _ = self._opened()
        minute, last = (
            (t - recording.start) / timedelta(minutes=1) for t in (moment, recording.end)
        )
        over = self._now.lap - 1
        again = f" It has started over {_times(over)}." if over else ""
        return (
            f"Replays the recorded campaign {recording.name} at {self._plan.speed:g} times real"
            f" time: minute {minute:.0f} of {last:.0f}.{again}"
        )

    def _moment(self, recording: Recording) -> datetime:
        return recording.start + self._now.passed - self._now.passed % recording.step

    def _opened(self) -> tuple[Recording, ReplayClock]:
        if self._recording is None or self._clock is None:
            raise TelemetryUnavailable("the recording is not open yet", hint="Try again shortly.")
        return self._recording, self._clock


def _first(start_minute: float, recording: Recording) -> timedelta:
    first, length = timedelta(minutes=start_minute), recording.end - recording.start
    if first > length - SHORTEST_LAP:
        raise TelemetryUnavailable(
            f"a replay of {recording.name} can not start at minute {start_minute:g}: it lasts"
            f" {length / timedelta(minutes=1):.0f} minutes",
            hint="Set PODFORECAST_REPLAY__START_MINUTE to one before its end.",
        )
    return first


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

"""A recorded campaign as a live cluster: replayed faster than real time, over and over.

Nothing after the replay's now leaves this module, neither samples nor failures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from podforecast.domain.outcomes import Failure
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.errors import DataUnusable, TelemetryUnavailable
from podforecast.pipeline import WARM_UP
from podforecast.watcher.source import SourceFacts

if TYPE_CHECKING:
    from podforecast.telemetry.recording import Recording

STEP = timedelta(seconds=15)
"""A scan per sample of the recording ..."""
SHORTEST_INTERVAL = timedelta(seconds=1)
"""... but no more than this by the wall clock, however fast the replay: moments are left out."""
FACTS = "campaign.json"
WITHOUT_DATA = (
    "The recorded campaigns are the folder data/ of the source code; point"
    " PODFORECAST_REPLAY__DATA_DIR to it, or set PODFORECAST_SOURCE=none to do without the fleet."
)


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


def find_campaign(data_dir: Path, name: str = "") -> Path:
    """Return the folder of a campaign, by default the first whose role is to test.

    Raises
    ------
    TelemetryUnavailable
        If there is none.
    """
    if name:
        if (data_dir / name / FACTS).is_file():
            return data_dir / name
        found = ", ".join(folder.name for folder in _campaigns(data_dir)) or "none"
        raise TelemetryUnavailable(
            f"there is no recorded campaign {name!r} in {data_dir.name}/, which has: {found}",
            hint="Set PODFORECAST_REPLAY__CAMPAIGN to one of them, or leave it empty.",
        )
    testing = (folder for folder in _campaigns(data_dir) if _role(folder) == "test")
    folder = next(testing, None)
    if folder is None:
        raise TelemetryUnavailable(
            f"there is no recorded campaign with the role `test` in {data_dir.name}/",
            hint=WITHOUT_DATA,
        )
    return folder


def _campaigns(data_dir: Path) -> list[Path]:
    return sorted(facts.parent for facts in data_dir.glob(f"*/{FACTS}"))


def _role(folder: Path) -> str:
    try:
        facts = orjson.loads((folder / FACTS).read_bytes())
        return str(facts.get("role", ""))
    except (OSError, ValueError, AttributeError):
        return ""  # a folder that is no recording is not the one that is looked for


@dataclass(frozen=True, slots=True)
class Position:
    """Where a replay stands."""

    passed: timedelta
    """Since the recording's first sample."""
    lap: int
    """1 for the first time through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayClock:
    """Maps the wall clock to a recording that is replayed in a loop.

    >>> minute = timedelta(minutes=1)
    >>> clock = ReplayClock(first=4 * minute, last=5 * minute, speed=10.0, started=100.0)
    >>> clock.position(103.0)
    Position(passed=datetime.timedelta(seconds=270), lap=1)
    >>> clock.position(107.0)
    Position(passed=datetime.timedelta(seconds=250), lap=2)
    """

    first: timedelta
    """Where each lap begins ..."""
    last: timedelta
    """... and ends."""
    speed: float
    started: float
    """Seconds of the wall clock."""

    def position(self, seconds: float) -> Position:
        """Return where the replay is at a time of the wall clock."""
        passed = max(seconds - self.started, 0.0) * self.speed
        lap, since = divmod(passed, max((self.last - self.first).total_seconds(), 1.0))
        return Position(self.first + timedelta(seconds=since), int(lap) + 1)


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
            If there is none to replay, or it can not be read.
        """
        # Arrow alone takes a third of a second, which readiness need not wait for.
        from podforecast.telemetry.recording import Recording

        folder = find_campaign(self._plan.data_dir, self._plan.campaign)
        try:
            recording = Recording.open(folder)
        except DataUnusable as error:
            raise TelemetryUnavailable(
                f"the recorded campaign {folder.name} can not be read", hint=error.hint
            ) from error
        length = recording.end - recording.start
        self._clock = ReplayClock(
            first=min(timedelta(minutes=self._plan.start_minute), length / 2),
            last=length,
            speed=self._plan.speed,
            started=self._wall(),
        )
        self._recording = recording

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


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"

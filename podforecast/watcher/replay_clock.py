"""Where in a recording a replay is, by the wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


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

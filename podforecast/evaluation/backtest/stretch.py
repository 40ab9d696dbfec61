"""Which moments of the past are forecast, and how they are read in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from podforecast.domain.telemetry import HISTORY, HORIZON, STEP
from podforecast.errors import ConfigurationError

EPOCH = datetime.fromtimestamp(0, UTC)
LONGEST_PIECE = timedelta(hours=2)
SHORTEST_PIECE = timedelta(minutes=15)
"""Each piece reads an hour before it once more; shorter ones would read little else."""
POD_SAMPLES = 1_000_000
"""Pods times samples of a piece, its hour of history included: some 300 MB of signals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Moments from the first to the last forecast, both included."""

    start: datetime
    end: datetime
    every: timedelta
    censored: timedelta
    """What was asked for after the end, left out because nobody knows yet what came of it."""

    @property
    def moments(self) -> int:
        return int((self.end - self.start) // self.every) + 1

    def pieces(self, pods: int) -> Iterator[tuple[datetime, datetime]]:
        """First and last moment of each piece that is read at once.

        Parameters
        ----------
        pods
            At a time: the more there are, the shorter the pieces.
        """
        whole = POD_SAMPLES // max(pods, 1) * STEP - HISTORY
        length = min(max(whole, SHORTEST_PIECE), LONGEST_PIECE)
        step = max(int(length // self.every), 1) * self.every
        first = self.start
        while first <= self.end:
            last = min(first + step - self.every, self.end)
            yield first, first + (last - first) // self.every * self.every
            first += step


def stretch(
    start: datetime,
    end: datetime,
    *,
    known_until: datetime,
    every: timedelta = STEP,
    anchor: datetime = EPOCH,
) -> Stretch:
    """Check what was asked for, and put it on the grid of the samples.

    Parameters
    ----------
    start, end
        Of the forecasts; aware.
    known_until
        The newest moment of which there are samples.
    every
        Distance of two forecasts of a pod.
    anchor
        A moment on the grid of the samples.

    Raises
    ------
    ConfigurationError
        If the end is not after the start or in the future, or all of it is so young that its
        horizon is not over.

    Examples
    --------
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> stretch(noon, noon + timedelta(minutes=10), known_until=noon + timedelta(hours=1)).moments
    41
    """
    if end <= start:
        raise ConfigurationError(
            f"the end {_shown(end)} is not after the start {_shown(start)}",
            hint="Give --start first, then --end, or --hours.",
        )
    if end > known_until:
        raise ConfigurationError(
            f"the end {_shown(end)} is in the future: the newest sample is of"
            f" {_shown(known_until)}",
            hint="Nothing can be graded that has not happened; leave --end out.",
        )
    if every < STEP or every % STEP:
        raise ConfigurationError(
            f"--every {every.total_seconds():g} is no multiple of {STEP.total_seconds():g} seconds",
            hint="Give 15, 30, 60 ...",
        )
    first = _on_grid(start + STEP - timedelta(microseconds=1), anchor)
    last = _on_grid(min(end, known_until - HORIZON), anchor)
    if last <= first:
        raise ConfigurationError(
            f"between {_shown(start)} and {_shown(end)} no forecast has had its"
            f" {HORIZON // timedelta(minutes=1)} minutes yet",
            hint="Go further back with --start or --hours.",
        )
    whole = (last - first) // every * every
    return Stretch(
        start=first, end=first + whole, every=every, censored=max(end - last, timedelta(0))
    )


def _on_grid(moment: datetime, anchor: datetime) -> datetime:
    return moment - (moment - anchor) % STEP


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

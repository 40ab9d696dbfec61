"""What time it is where the samples are, and how far the clock of this machine is off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from podforecast.domain.telemetry import aligned
from podforecast.errors import TelemetryUnavailable

SKEW_TOLD = timedelta(seconds=15)
"""A sample. Less is not worth a word: the server's time is used."""
STANDS_STILL = timedelta(minutes=1)
"""A server's clock that is put back by less is waited for."""


class ServerClock:
    """Reads the clock of Prometheus: it stamped the samples, whatever time it is elsewhere.

    The clock of this machine decides nothing, so one that is wrong, or put forward or back, does
    no harm; it is only compared.

    Parameters
    ----------
    clock
        Of this machine, Unix seconds.
    delay
        How far behind the server's clock the newest sample is.
    """

    def __init__(self, *, clock: Callable[[], float], delay: timedelta) -> None:
        self.skew = timedelta(0)
        """By how much the clock of this machine is ahead of the server's."""
        self._clock = clock
        self._delay = delay
        self._latest: datetime | None = None

    def look(self, server: Callable[[], float]) -> datetime:
        """Return the newest moment on the grid of the samples; never one before the last.

        Raises
        ------
        TelemetryUnavailable
            If the server's clock was put back by more than a minute.
        """
        before = self._clock()
        now = server()
        self.skew = timedelta(seconds=_outside(now, before, self._clock()))
        moment = aligned(datetime.fromtimestamp(now, UTC) - self._delay)
        if self._latest is not None and moment < self._latest:
            if self._latest - moment > STANDS_STILL:
                raise _put_back(self._latest - moment)
            return self._latest
        self._latest = moment
        return moment

    def tell(self) -> str:
        """Say how far the clocks are apart, if that is worth a word."""
        if abs(self.skew) < SKEW_TOLD:
            return ""
        seconds = self.skew.total_seconds()
        way = "ahead of" if seconds > 0 else "behind"
        return (
            f"The clock of this machine is {abs(seconds):.0f} s {way} that of Prometheus, whose"
            " time is used: set both by NTP."
        )


def _outside(now: float, before: float, after: float) -> float:
    """Seconds that an interval of one clock is ahead of a moment of another one.

    >>> _outside(100.0, 99.0, 101.0), _outside(100.0, 130.0, 131.0), _outside(100.0, 50.0, 60.0)
    (0.0, 30.0, -40.0)
    """
    first, last = min(before, after), max(before, after)
    return max(first - now, 0.0) - max(now - last, 0.0)


def _put_back(by: timedelta) -> TelemetryUnavailable:
    return TelemetryUnavailable(
        f"the clock of Prometheus was put back: it is {by.total_seconds():.0f} s behind the"
        " newest scan",
        hint="Set it by NTP. Scans go on once it has caught up, or when the watcher is restarted.",
    )

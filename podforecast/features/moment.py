"""One moment of a cluster: the block behind it, cut and combined as features need it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property

import numpy as np

from podforecast.domain.tables import Index, Mask
from podforecast.domain.telemetry import HISTORY, WINDOW, Array, TelemetryBlock
from podforecast.features.counters import increments
from podforecast.features.siblings import group_codes
from podforecast.features.windows import Line, fit_line, last

LATEST = timedelta(minutes=1)
"""Five samples: a first look at what has only just begun, and noisy for it."""
RECENT = timedelta(minutes=10)
"""Between window and history: long enough for a slow trend, short enough to notice its end."""
SETTLING = 30.0
"""Seconds after the start of a container that trends leave out: loading is no leak."""
MIN_SPAN: Mapping[timedelta, float] = {LATEST: 45.0, WINDOW: 60.0, RECENT: 120.0, HISTORY: 180.0}
"""Seconds that samples must span before a trend over so long a time is worth a number."""
_ROUNDING = 0.5
"""Seconds. Grids start at fractions of a second that float64 can not hold exactly."""


class Moment:
    """A block as it looks from its last sample.

    Only the last hour counts (`HISTORY`), however long the block is: what training sees in a long
    recording and what serving reads from Prometheus are the same samples. Nothing after
    the last sample exists here, so no feature can look ahead.

    Intermediate results that several features need are kept.
    """

    def __init__(self, block: TelemetryBlock) -> None:
        self.at = float(block.times[-1])
        self._first = self._column(block.times, HISTORY)
        self._block = block
        self.times: Array = block.times[self._first :]
        self._samples: dict[str, Array] = {}
        self._lines: dict[tuple[str, timedelta], Line] = {}

    @staticmethod
    def _column(times: Array, back: timedelta) -> int:
        """Return the first column at most so far back from the last one."""
        earliest = times[-1] - back.total_seconds() - _ROUNDING
        return int(np.searchsorted(times, earliest))

    def last_columns(self, back: timedelta) -> slice:
        """Columns of the last so many minutes, both ends included."""
        return slice(self._column(self.times, back), None)

    def history(self, name: str) -> Array:
        """Samples of a signal, or of one of `DERIVED`, over the last hour; (n_pods, n_times)."""
        found = self._samples.get(name)
        if found is None:
            derive = DERIVED.get(name)
            if derive is None:
                # One memory layout for every source: sums of rows then round alike.
                found = np.array(self._block.signal(name)[:, self._first :], order="C")
                found[np.isinf(found)] = np.nan
            else:
                found = derive(self)
            self._samples[name] = found
        return found

    def window(self, name: str) -> Array:
        """Samples of the window."""
        return self.history(name)[:, self.last_columns(WINDOW)]

    def level(self, name: str) -> Array:
        """Last sample of the window that is of the container that runs now, (n_pods,).

        For what a restart sets back: after an OOM kill the last sample *there* may read 99 %,
        and until the next scrape it would speak for a container that is gone.
        """
        columns = self.last_columns(WINDOW)
        current = self.times[columns] >= self.started_at[:, None]
        return last(np.where(current, self.window(name), np.nan))

    def latest(self, name: str) -> Array:
        """Samples of the last minute."""
        return self.history(name)[:, self.last_columns(LATEST)]

    def past(self, name: str) -> Array:
        """Samples of the hour before the window."""
        return self.history(name)[:, : self._column(self.times, WINDOW)]

    def line(self, name: str, back: timedelta) -> Line:
        """Trend of the last so many minutes, within the life of the container."""
        key = (name, back)
        if key not in self._lines:
            columns = self.last_columns(back)
            values = np.where(self.alive[:, columns], self.history(name)[:, columns], np.nan)
            self._lines[key] = fit_line(values, self.times[columns], min_span=MIN_SPAN[back])
        return self._lines[key]

    @cached_property
    def group(self) -> Index:
        """Number of each pod's workload, (n_pods,)."""
        return group_codes(self._block.workloads)

    @cached_property
    def alive(self) -> Mask:
        """Where the container that runs now ran already, settling left out; (n_pods, n_times)."""
        return self.times >= (self.started_at + SETTLING)[:, None]

    @cached_property
    def started_at(self) -> Array:
        """Unix seconds at which the youngest container started, (n_pods,).

        From its age where that is known, else from the last restart; minus infinity where the
        hour shows neither.
        """
        started = last(self.times - 60.0 * self.history("container_age_minutes"))
        restarted = np.where(self.restarted > 0, self.times, -np.inf).max(axis=1)
        return np.where(np.isfinite(started), started, restarted)

    @cached_property
    def restarted(self) -> Array:
        """Restarts up to each sample since the one before, (n_pods, n_times)."""
        # A pod that kube-state-metrics does not list, while it lists others, was not there yet.
        status = np.isfinite(self.history("status_code"))
        return increments(self.history("restarts"), absent=~status & status.any(axis=0))

    def probe_failures(self, name: str) -> Array:
        """Failed probes up to each sample since the one before, (n_pods, n_times)."""
        # The kubelet has no such series until a probe fails; it answers, as memory shows.
        running = np.isfinite(self.history("memory_usage_ratio"))
        counter = self.history(name)
        return increments(counter, absent=running & ~np.isfinite(counter))

    @cached_property
    def present(self) -> Mask:
        """Where the pod was seen at all, (n_pods, n_times)."""
        return np.isfinite(self.history("status_code")) | np.isfinite(
            self.history("memory_usage_ratio")
        )


def _server_error_share(moment: Moment) -> Array:
    requests, errors = moment.history("request_rate"), moment.history("server_error_rate")
    # Without requests there is no share: neither 0 nor 1 would be true.
    served = requests > 0.0
    share = errors / np.where(served, requests, 1.0)
    return np.where(served, np.clip(share, 0.0, 1.0), np.nan)


def _requests_in_flight(moment: Moment) -> Array:
    requests, latency = moment.history("request_rate"), moment.history("latency_mean_ms")
    # Nobody can be slow with an answer that nobody asked for.
    return np.where(requests == 0.0, 0.0, requests * latency / 1000.0)


DERIVED: Mapping[str, Callable[[Moment], Array]] = {
    "server_error_share": _server_error_share,
    "requests_in_flight": _requests_in_flight,
}
"""Signals made of two others, sample by sample."""

"""One moment of a cluster: the block behind it, cut and combined as features need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np

from podforecast.domain.tables import Index, Mask
from podforecast.domain.telemetry import HISTORY, WINDOW, Array, TelemetryBlock
from podforecast.features.counters import decayed_rate, increments
from podforecast.features.windows import (
    Line,
    fit_line,
    last,
    mean,
    median,
    minutes_above,
    seen,
)

LATEST = timedelta(minutes=1)
"""Five samples: a first look at what has only just begun, and noisy for it."""
RECENT = timedelta(minutes=10)
"""Between window and history: long enough for a slow trend, short enough to notice its end."""
SETTLING = 30.0
"""Seconds after the start of a container that trends leave out: loading is no leak."""
MIN_SPAN: Mapping[timedelta, float] = {LATEST: 45.0, WINDOW: 60.0, RECENT: 120.0, HISTORY: 180.0}
"""Seconds that samples must span before a trend over so long a time is worth a number."""
HALF_LIFE = timedelta(minutes=15)
"""Restarts count half after so long."""
MIN_PAST_POINTS = 8
"""Two minutes at 15 s: a median of fewer samples is not yet a past."""
_ROUNDING = 0.5
"""Seconds. Grids start at fractions of a second that float64 can not hold exactly."""


class Moment:
    """Some pods of a block as they look from its last sample.

    Only the last hour counts (`HISTORY`), however long the block is: what training sees in a long
    recording and what serving reads from Prometheus are the same samples. Nothing after
    the last sample exists here, so no feature can look ahead.

    Samples are copied when they are asked for, no further back than asked. They and the results
    that several features need are kept.

    Parameters
    ----------
    block
        What was read.
    pods
        Rows of the block to look at. Every array here has one row for each of them.
    listed
        `listed_samples` of the whole block.
    """

    def __init__(self, block: TelemetryBlock, pods: slice, *, listed: Mask) -> None:
        self._block = block
        self._pods = pods
        self._listed = listed
        self._first = first_column(block.times, HISTORY)
        self.times: Array = block.times[self._first :]
        self._columns = {back: first_column(self.times, back) for back in MIN_SPAN}
        self._samples: dict[tuple[str, timedelta], Array] = {}
        self._seen: dict[str, Mask] = {}
        self._lived: dict[tuple[str, timedelta], Array] = {}
        self._lines: dict[tuple[str, timedelta], Line] = {}
        self._numbers: dict[tuple[str, str], Array] = {}

    def last_columns(self, back: timedelta) -> slice:
        """Columns of the last so many minutes, both ends included."""
        return slice(self._columns[back], None)

    def samples(self, name: str, back: timedelta) -> Array:
        """Samples of a signal, or of one of `DERIVED`, over the last so many minutes."""
        hour = self._samples.get((name, HISTORY))
        if hour is not None:
            return hour[:, self.last_columns(back)]
        key = (name, back)
        if key not in self._samples:
            derived = DERIVED.get(name)
            self._samples[key] = (
                self._copied(name, back)
                if derived is None
                else derived.formula(*(self.samples(part, back) for part in derived.parts))
            )
        return self._samples[key]

    def _copied(self, name: str, back: timedelta) -> Array:
        columns = slice(self._first + self._columns[back], None)
        there = self._block.signals.get(name)
        if there is None:
            n_pods = len(self._block.pods[self._pods])
            return np.full((n_pods, len(self.times) - self._columns[back]), np.nan)
        # One memory layout for every source: sums of rows then round alike.
        copy = np.array(there[self._pods, columns], dtype=np.float64, order="C")
        infinite = np.isinf(copy)
        if infinite.any():
            copy[infinite] = np.nan
        return copy

    def seen(self, name: str) -> Mask:
        """Where a signal has samples in the last hour, (n_pods, n_times)."""
        if name not in self._seen:
            self._seen[name] = seen(self.history(name))
        return self._seen[name]

    def history(self, name: str) -> Array:
        """Samples of the last hour, (n_pods, n_times)."""
        return self.samples(name, HISTORY)

    def window(self, name: str) -> Array:
        """Samples of the window."""
        return self.samples(name, WINDOW)

    def latest(self, name: str) -> Array:
        """Samples of the last minute."""
        return self.samples(name, LATEST)

    def past(self, name: str) -> Array:
        """Samples of the hour before the window."""
        return self.history(name)[:, : self._columns[WINDOW]]

    def average(self, name: str) -> Array:
        """Mean of the window, (n_pods,)."""
        return self._kept("average", name, lambda: mean(self.window(name)))

    def past_median(self, name: str) -> Array:
        """Median of the hour before the window; NaN while there is too little of it."""
        return self._kept(
            "past median", name, lambda: median(self.past(name), min_points=MIN_PAST_POINTS)
        )

    def level(self, name: str) -> Array:
        """Last sample of the window that is of the container that runs now, (n_pods,).

        For what a restart sets back: after an OOM kill the last sample *there* may read 99 %,
        and until the next scrape it would speak for a container that is gone.
        """
        return self._kept("level", name, lambda: last(self._current(name)))

    def _current(self, name: str) -> Array:
        current = self.times[self.last_columns(WINDOW)] >= self.started_at[:, None]
        return np.where(current, self.window(name), np.nan)

    def _kept(self, what: str, name: str, make: Callable[[], Array]) -> Array:
        key = (what, name)
        if key not in self._numbers:
            self._numbers[key] = make()
        return self._numbers[key]

    def line(self, name: str, back: timedelta) -> Line:
        """Trend of the last so many minutes, within the life of the container."""
        key = (name, back)
        if key not in self._lines:
            times = self.times[self.last_columns(back)]
            self._lines[key] = fit_line(self.lived(name, back), times, min_span=MIN_SPAN[back])
        return self._lines[key]

    def lived(self, name: str, back: timedelta) -> Array:
        """Samples of the last so many minutes, NaN before the container had settled."""
        key = (name, back)
        if key not in self._lived:
            self._lived[key] = self._within_life(self.samples(name, back), back)
        return self._lived[key]

    def _within_life(self, values: Array, back: timedelta) -> Array:
        times = self.times[self.last_columns(back)]
        young = np.flatnonzero(self.settled_at > times[0])
        if not young.size:
            return values
        lived = values.copy()
        lived[young] = np.where(times >= self.settled_at[young, None], values[young], np.nan)
        return lived

    def minutes_above(self, name: str, threshold: float) -> Array:
        """Minutes for which samples have been above a threshold without a break, (n_pods,)."""
        newest = last(self.window(name))
        minutes = np.zeros(len(newest))
        # Whoever is below now needs no look at the hour.
        rows = np.flatnonzero(~(newest <= threshold))
        if rows.size:
            minutes[rows] = minutes_above(self._hour_of(name, rows), self.times, threshold)
        return minutes

    def _hour_of(self, name: str, rows: Index) -> Array:
        """Samples of a few of the pods over the last hour."""
        derived = DERIVED.get(name)
        if derived is None:
            return self.history(name)[rows]
        return derived.formula(*(self._hour_of(part, rows) for part in derived.parts))

    @cached_property
    def settled_at(self) -> Array:
        """Unix seconds from which on trends count the container that runs now, (n_pods,)."""
        return self.started_at + SETTLING

    @cached_property
    def started_at(self) -> Array:
        """Unix seconds at which the youngest container started, (n_pods,).

        From its age where that is known, else from the last restart; minus infinity where the
        hour shows neither.
        """
        started = self._newest_start(WINDOW)
        if not np.isfinite(started).all():
            started = self._newest_start(HISTORY)
            restarted = np.where(self.restarted > 0, self.times, -np.inf).max(axis=1)
            started = np.where(np.isfinite(started), started, restarted)
        return started

    def _newest_start(self, back: timedelta) -> Array:
        ages = self.samples("container_age_minutes", back)
        return last(self.times[self.last_columns(back)] - 60.0 * ages)

    @cached_property
    def restarted(self) -> Array:
        """Restarts up to each sample since the one before, (n_pods, n_times)."""
        # A pod that kube-state-metrics does not list, while it lists others, was not there yet.
        absent = ~self.seen("status_code") & self._listed
        return increments(self.history("restarts"), absent=absent)

    @cached_property
    def decayed_restarts(self) -> tuple[Array, Array]:
        """Restarts and seconds, weighted by age; (n_pods,) each."""
        half_life = HALF_LIFE.total_seconds()
        return decayed_rate(self.restarted, self.times, self.present, half_life=half_life)

    def probe_failures(self, name: str) -> Array:
        """Failed probes up to each sample since the one before, (n_pods, n_times)."""
        return self._kept("probe failures", name, lambda: self._failed_probes(name))

    def _failed_probes(self, name: str) -> Array:
        # The kubelet has no such series until a probe fails; it answers, as memory shows.
        absent = self.seen("memory_usage_ratio") & ~self.seen(name)
        return increments(self.history(name), absent=absent)

    @cached_property
    def present(self) -> Mask:
        """Where the pod was seen at all, (n_pods, n_times)."""
        return self.seen("status_code") | self.seen("memory_usage_ratio")


def first_column(times: Array, back: timedelta) -> int:
    """Return the first column at most so far back from the last one."""
    earliest = times[-1] - back.total_seconds() - _ROUNDING
    return int(np.searchsorted(times, earliest))


def slices(n_rows: int, rows_at_once: int) -> Iterator[slice]:
    """Cut so many rows into pieces, the last of which may be shorter.

    >>> list(slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for first in range(0, n_rows, rows_at_once):
        yield slice(first, min(first + rows_at_once, n_rows))


def listed_samples(block: TelemetryBlock, rows_at_once: int) -> Mask:
    """Tell at which samples of the last hour any pod was listed at all, (n_times,)."""
    first = first_column(block.times, HISTORY)
    listed = np.zeros(len(block.times) - first, dtype=np.bool_)
    status = block.signals.get("status_code")
    if status is None:
        return listed
    for pods in slices(len(block.pods), rows_at_once):
        listed |= np.isfinite(status[pods, first:]).any(axis=0)
        if listed.all():
            break
    return listed


def _server_error_share(requests: Array, errors: Array) -> Array:
    # Without requests there is no share: neither 0 nor 1 would be true.
    served = requests > 0.0
    share = errors / np.where(served, requests, 1.0)
    return np.where(served, np.clip(share, 0.0, 1.0), np.nan)


def _requests_in_flight(requests: Array, latency_ms: Array) -> Array:
    # Nobody can be slow with an answer that nobody asked for.
    return np.where(requests == 0.0, 0.0, requests * latency_ms / 1000.0)


@dataclass(frozen=True, slots=True)
class Derived:
    """A signal made of others, sample by sample."""

    formula: Callable[..., Array]
    parts: tuple[str, ...]


DERIVED: Mapping[str, Derived] = {
    "server_error_share": Derived(_server_error_share, ("request_rate", "server_error_rate")),
    "requests_in_flight": Derived(_requests_in_flight, ("request_rate", "latency_mean_ms")),
}

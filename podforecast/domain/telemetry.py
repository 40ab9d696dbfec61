"""What every source delivers and every feature is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.pods import PodRef

Array = NDArray[np.float64]

STEP = timedelta(seconds=15)
"""Distance of two samples."""
WINDOW = timedelta(minutes=3)
"""The window of a forecast: 13 samples, both ends included."""
HISTORY = timedelta(hours=1)
"""How much slower history, window included, features look back on where a block has it."""
HORIZON = timedelta(minutes=5)
"""A failure is forecast if it begins within this time."""


def time_grid(start: datetime, end: datetime, step: timedelta = STEP) -> Array:
    """Unix seconds from ``start`` to ``end`` inclusive, shape (n_times,).

    The count comes from exact timedelta arithmetic: at 1.7e9 s a float64 resolves only
    2e-7 s, so ``arange(start, end)`` would gain or lose its last point at random.

    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> len(time_grid(noon, noon + WINDOW))
    13
    """
    n_times = (end - start) // step + 1
    return start.timestamp() + step.total_seconds() * np.arange(n_times, dtype=np.float64)


def aligned(now: datetime) -> datetime:
    """Return the last moment of the grid of ``STEP`` that has passed.

    Scans then share their samples with the scans before them, whatever the second they start.

    >>> aligned(datetime(2026, 1, 1, 12, 0, 44, 5, tzinfo=UTC)).time().isoformat()
    '12:00:30'
    """
    return now - (now - datetime.fromtimestamp(0, UTC)) % STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryBlock:
    """Some signals of some pods on one shared time grid.

    Raises
    ------
    ValueError
        If shapes do not match, times do not increase, or pods are not unique.
    """

    pods: tuple[PodRef, ...]
    workloads: tuple[str, ...]
    """Owner of each pod as ``namespace/name``; the pod itself where nothing owns it."""
    times: Array
    """Unix seconds, shape (n_times,), strictly increasing."""
    signals: Mapping[str, Array]
    """Signal name to values of shape (n_pods, n_times); NaN where nothing was scraped."""

    def __post_init__(self) -> None:
        shape = (len(self.pods), len(self.times))
        if len(self.workloads) != len(self.pods):
            raise ValueError(f"{len(self.workloads)} workloads for {len(self.pods)} pods")
        if len(set(self.pods)) != len(self.pods):
            raise ValueError("pods must be unique")
        if len(self.times) > 1 and not np.all(np.diff(self.times) > 0):
            raise ValueError("times must be strictly increasing")
        for name, values in self.signals.items():
            if values.shape != shape:
                raise ValueError(f"{name} has shape {values.shape}, expected {shape}")

    def signal(self, name: str) -> Array:
        """Values of a signal, all NaN where the source does not have it; (n_pods, n_times)."""
        found = self.signals.get(name)
        if found is not None:
            return found
        return np.full((len(self.pods), len(self.times)), np.nan)

    def until(self, n_times: int, *, history: int | None = None) -> TelemetryBlock:
        """The first ``n_times`` samples, or of these only the last ``history``. Views, no copy."""
        first = 0 if history is None else max(0, n_times - history)
        return TelemetryBlock(
            pods=self.pods,
            workloads=self.workloads,
            times=self.times[first:n_times],
            signals={name: values[:, first:n_times] for name, values in self.signals.items()},
        )


class TelemetrySource(Protocol):
    """Prometheus, a recording and the simulator all look like this."""

    def read(self, signals: Sequence[str], *, start: datetime, end: datetime) -> TelemetryBlock:
        """Return the signals on the grid from ``start`` to ``end``, both included.

        Raises
        ------
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
        """
        ...

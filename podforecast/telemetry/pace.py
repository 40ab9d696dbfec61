"""How often signals are asked for: what changes slowly is sampled once a minute.

Samples are counted from the epoch in steps of the grid, see :mod:`podforecast.telemetry.ring`.
Slow signals take turns, so that every scan asks for about as much as the next. What is not asked
for stays unknown. Of most slow signals, features read the last sample in the window, which is 45 s
old at most. Of the network they take the mean of the window: three or four rates over a minute each
cover it as well as thirteen that overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from podforecast.domain.telemetry import STEP, Array

EVERY = 4
"""Samples from one of a slow signal to the next: a minute."""
TURNS: Mapping[str, int] = {
    "restart_count_24h": 0,
    "workload_failures_7d": 0,
    "replicas_desired": 1,
    "autoscaler_direction": 1,
    "latency_p95_ms": 2,
    "node_pressure_score": 3,
    "node_cpu_ratio": 3,
    "node_disk_ratio": 3,
    "revision_age_hours": 3,
    "network_receive_bytes_per_s": 3,
    "network_transmit_bytes_per_s": 3,
    "network_drops_per_s": 3,
    "disk_usage_ratio": 3,
}
"""Slow signals, each with the number of its sample in a minute."""
_ROUNDING = 1e-6
"""Steps. A grid of a recording starts anywhere, also where float64 is a bit below."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Which samples are asked for: every so many, from some turn on."""

    every: int = 1
    turn: int = 0

    def latest(self, sample: int) -> int:
        """Return the last one that is not after a sample.

        >>> [Pace(4, 1).latest(sample) for sample in (8, 9, 12, 13)]
        [5, 9, 9, 13]
        """
        return sample - (sample - self.turn) % self.every

    def between(self, first: int, last: int) -> range:
        """Return those from one sample to another, both included.

        >>> list(Pace(4, 1).between(5, 13)), list(Pace(4, 1).between(6, 8))
        ([5, 9, 13], [])
        """
        start = first + (self.turn - first) % self.every
        return range(start, last + 1, self.every)


EVERY_SAMPLE = Pace()


def pace_of(signal: str) -> Pace:
    """Return the pace of a signal.

    >>> pace_of("restarts"), pace_of("replicas_desired")
    (Pace(every=1, turn=0), Pace(every=4, turn=1))
    """
    turn = TURNS.get(signal)
    return EVERY_SAMPLE if turn is None else Pace(EVERY, turn)


def asked(times: Array, signal: str) -> Array:
    """Return the times, Unix seconds, at which a signal is asked for.

    At another step than that of the grid these are all of them: nobody watches at such a pace.

    >>> asked(np.array([60.0, 75.0, 90.0, 105.0, 120.0]), "restart_count_24h")
    array([ 60., 120.])
    >>> asked(np.array([60.0, 90.0, 120.0]), "restart_count_24h")
    array([ 60.,  90., 120.])
    """
    pace = pace_of(signal)
    samples = np.floor(times / STEP.total_seconds() + _ROUNDING).astype(np.int64)
    if (np.diff(samples) != 1).any():
        return times
    there: Array = times[(samples - pace.turn) % pace.every == 0]
    return there

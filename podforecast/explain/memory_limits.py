"""A higher memory limit: how high, and what a pod would look like under it.

Nothing is changed in a cluster, and a limit is never advised below what the pod has used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from podforecast.domain.catalogue import CATALOGUE, TERMINATION_REASONS, feature_index
from podforecast.domain.memory import GIB, MIB, MemorySize, quantity
from podforecast.domain.telemetry import Array

HEADROOM = 0.8
"""Share of a new limit that the peak may take: room for one peak a quarter higher."""
LEAST_RAISE = 1.1
"""A lower limit is never advised, nor one so little higher that nobody would notice."""
FULL = 100.0
SAME_CONTAINER = 0.02
"""Shares are of the worst container, bytes of all: where they differ by more, there are several,
and a limit in bytes would be nobody's."""
_STEPS = ((8 * GIB, 512 * MIB), (GIB, 128 * MIB), (256 * MIB, 32 * MIB), (0, 16 * MIB))
"""From a size on, limits are multiples of the other."""

SHARES = (
    "memory_usage_pct",
    "memory_leak_rate",
    "memory_growth_3m",
    "memory_growth_10m",
    "memory_growth_change",
    "memory_peak_pct",
    "memory_above_past_peak",
    "memory_largest_drop",
    "memory_vs_own_past",
    "memory_vs_siblings",
)
"""Features in parts of the limit: they shrink as it grows, the siblings' with it."""
PACES: Mapping[str, str] = {
    "memory_minutes_to_limit": "memory_growth_10m",
    "memory_minutes_to_limit_3m": "memory_growth_3m",
    "memory_minutes_to_limit_1m": "",
}
"""Times to the limit, and the pace they are at where it is a feature."""
CHANGED = (*SHARES, *PACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRaise:
    """From one limit to a higher one."""

    factor: float
    """Above 1."""
    before_bytes: float | None = None
    """None where shares of the limit are all that is known."""

    @classmethod
    def of(cls, row: Array, size: MemorySize | None = None) -> Self | None:
        """Choose a limit that leaves headroom above all that was seen; None without a usage.

        Parameters
        ----------
        row
            Features in catalogue order, NaN = unknown, shape (n_features,).
        size
            Of the pod, where it is known.
        """
        peak = needed_pct(row)
        if math.isnan(peak):
            return None
        if size is None or not _is_of_one_container(row, size):
            return cls(factor=memory_limit_factor(peak))
        least = max(LEAST_RAISE, peak / FULL / HEADROOM) * size.limit_bytes
        return cls(factor=_rounded_up(least) / size.limit_bytes, before_bytes=size.limit_bytes)

    def applied(self, row: Array) -> Array:
        """Return the features as they would be under the new limit, shape (n_features,).

        What is not measured in parts of the limit stays as it is, and so does the anomaly score:
        it compares a pod with its own past, which would have been under the same limit.
        """
        changed = row.copy()
        for name in SHARES:
            changed[feature_index(name)] /= self.factor
        for name, pace in PACES.items():
            column = feature_index(name)
            slope = float(row[feature_index(pace)]) if pace else math.nan
            changed[column] = self._later(float(row[column]), _usage(row), slope, column)
        return changed

    def _later(self, minutes: float, usage: float, slope: float, column: int) -> float:
        """Minutes to the new limit at the same pace; as before where the pace is not known."""
        room = FULL * self.factor - usage
        if slope > 0:
            minutes = max(minutes, room / slope)
        elif usage < FULL:
            minutes *= room / (FULL - usage)
        return min(minutes, CATALOGUE[column].high) if minutes == minutes else math.nan

    @property
    def words(self) -> str:
        """What to do.

        >>> MemoryRaise(factor=1.5, before_bytes=256 * MIB).words
        'raise the memory limit from 256Mi to 384Mi'
        >>> MemoryRaise(factor=1.3).words
        'raise the memory limit to 1.3 times the present one'
        """
        if self.before_bytes is None:
            return f"raise the memory limit to {self.factor:g} times the present one"
        before, after = (quantity(size) for size in (self.before_bytes, self.after_bytes))
        return f"raise the memory limit from {before} to {after}"

    @property
    def after_bytes(self) -> float:
        """New limit; NaN where the present one is not known."""
        return math.nan if self.before_bytes is None else self.factor * self.before_bytes


def needed_pct(row: Array) -> float:
    """Most that the pod is known to have used, % of its limit; NaN if nothing is known.

    A container that was killed for its memory has used all of it, whatever was sampled.
    """
    known = [row[feature_index(name)] for name in ("memory_usage_pct", "memory_peak_pct")]
    killed = row[feature_index("last_termination_reason")] == OOM_KILLED
    return float(np.fmax.reduce([*known, FULL if killed else np.nan]))


OOM_KILLED = TERMINATION_REASONS.index("oom_killed")


def memory_limit_factor(peak_pct: float) -> float:
    """How many times the present limit leaves headroom above a peak, rounded up to a tenth.

    >>> memory_limit_factor(98.5), memory_limit_factor(20.0)
    (1.3, 1.1)
    """
    return max(LEAST_RAISE, math.ceil(peak_pct / HEADROOM / 10.0) / 10.0)


def _usage(row: Array) -> float:
    return float(row[feature_index("memory_usage_pct")])


def _is_of_one_container(row: Array, size: MemorySize) -> bool:
    return abs(size.used_bytes / size.limit_bytes - _usage(row) / FULL) <= SAME_CONTAINER


def _rounded_up(size_bytes: float) -> float:
    step = next(step for least, step in _STEPS if size_bytes >= least)
    # A fraction of a byte that arithmetic left over is no reason for the next step.
    return step * math.ceil(size_bytes / step - 1e-9)

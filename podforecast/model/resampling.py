"""Intervals by block bootstrap: whole pods are drawn, never single rows.

Rows of one pod are fifteen seconds apart and nearly copies of each other. Drawing rows
would pretend that there are twenty times as many independent observations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array

ROUNDS = 500


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the bounds of its percentile interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Three decimals: ``0.912 [0.874, 0.945]``."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def block_weights(
    blocks: Index, *, rounds: int = ROUNDS, rng: np.random.Generator
) -> Iterator[Array]:
    """How often each row is drawn in each round, when whole blocks are drawn with replacement.

    Parameters
    ----------
    blocks
        Block (pod, usually) of each row, shape (n_rows,).

    Yields
    ------
    ndarray of shape (n_rows,)
        Whole numbers as floats: the weights of one round.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> [w.tolist() for w in block_weights(np.array([7, 7, 9]), rounds=2, rng=rng)]
    [[1.0, 1.0, 1.0], [2.0, 2.0, 0.0]]
    """
    distinct, which = np.unique(blocks, return_inverse=True)
    even = np.full(len(distinct), 1.0 / len(distinct))
    for _ in range(rounds):
        yield rng.multinomial(len(distinct), even).astype(np.float64)[which]


def interval(value: float, resampled: ArrayLike, *, level: float = 0.95) -> Interval:
    """Percentile interval of resampled values; rounds without an answer (NaN) are left out.

    >>> str(interval(0.5, [0.4, 0.5, float("nan"), 0.6], level=0.5))
    '0.500 [0.450, 0.550]'
    """
    values = np.asarray(resampled, dtype=np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))

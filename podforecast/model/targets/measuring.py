"""How well distributions over classes do, with intervals over pods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from podforecast.domain.tables import Index, Mask
from podforecast.domain.telemetry import Array
from podforecast.model.resampling import Interval, interval

LEAST_SHARE = 1e-4
"""What is said to be impossible costs as much as this share when it happens after all: a rule that
is always certain would have an infinite loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Figures of one method on some rows."""

    log_loss: Interval
    accuracy: Interval
    macro_f1: Interval
    balanced_accuracy: Interval
    confusion: tuple[tuple[int, ...], ...]
    """Recorded rows by what happened (outer) and what was said."""


class Draws:
    """How often each pod is drawn in each round of a bootstrap; shared by all methods."""

    def __init__(self, pod: Index, *, rounds: int, rng: np.random.Generator) -> None:
        distinct, self._which = np.unique(pod, return_inverse=True)
        even = np.full(len(distinct), 1.0 / len(distinct))
        self._counts = rng.multinomial(len(distinct), even, size=rounds).astype(np.float64)

    def summed(self, amount: Array) -> tuple[Array, Array]:
        """Sum of rows' amounts, (n_rows, ...), over all rows and again in each round."""
        flat = amount.reshape(len(amount), -1)
        pods = np.stack(
            [
                np.bincount(self._which, column, minlength=self._counts.shape[1])
                for column in flat.T
            ],
            axis=1,
        )
        shape = amount.shape[1:]
        return pods.sum(axis=0).reshape(shape), (self._counts @ pods).reshape(-1, *shape)

    def of(self, amount: Array, figure: Callable[[Array], Array]) -> Interval:
        """Measure a figure of summed amounts; it takes a leading axis of rounds."""
        value, resampled = self.summed(amount)
        return interval(float(figure(value[None])[0]), figure(resampled))


def scored(shares: Array, said: Index, y: Index, weight: Array, draws: Draws) -> Scored:
    """Measure distributions, and the class that was told of each row.

    Parameters
    ----------
    shares : (n_rows, n_classes)
        NaN in a row that was not forecast: it counts as if all classes were equally likely.
    said, y : (n_rows,)
        Class that was told and class that happened.
    weight : (n_rows,)
        Recorded rows that each row stands for.
    """
    n_classes = shares.shape[1]
    losses = np.column_stack([weight * losses_of(shares, y), weight])
    cells = np.zeros((len(y), n_classes, n_classes))
    cells[np.arange(len(y)), y, said] = weight
    return Scored(
        log_loss=draws.of(losses, lambda s: s[:, 0] / s[:, 1]),
        accuracy=draws.of(cells, accuracy),
        macro_f1=draws.of(cells, macro_f1),
        balanced_accuracy=draws.of(cells, balanced_accuracy),
        confusion=confusion(said, y, weight, n_classes),
    )


def losses_of(shares: Array, y: Index) -> Array:
    """Log loss of each row, (n_rows,)."""
    share = shares[np.arange(len(y)), y]
    losses: Array = -np.log(
        np.clip(np.where(np.isnan(share), 1 / shares.shape[1], share), LEAST_SHARE, 1)
    )
    return losses


def confusion(said: Index, y: Index, weight: Array, n_classes: int) -> tuple[tuple[int, ...], ...]:
    """Recorded rows by what happened (outer) and what was said."""
    cells = np.bincount(y * n_classes + said, weight, minlength=n_classes**2)
    return tuple(tuple(row) for row in cells.reshape(n_classes, -1).round().astype(int).tolist())


def accuracy(cells: Array) -> Array:
    """Share of rows told right; confusion of shape (..., happened, said)."""
    right: Array = _divided(_diagonal(cells).sum(axis=-1), cells.sum(axis=(-1, -2)))
    return right


def recalls(cells: Array) -> Array:
    """Share of each class's rows that was told; NaN for a class that did not happen."""
    return _divided(_diagonal(cells), cells.sum(axis=-1))


def precisions(cells: Array) -> Array:
    """Share of what was told that happened; NaN for a class that was never told."""
    return _divided(_diagonal(cells), cells.sum(axis=-2))


def f1_scores(cells: Array) -> Array:
    """Harmonic mean of the two; NaN for a class that neither happened nor was told."""
    return _divided(2 * _diagonal(cells), cells.sum(axis=-1) + cells.sum(axis=-2))


def balanced_accuracy(cells: Array) -> Array:
    """Mean recall over the classes that happened.

    >>> balanced_accuracy(np.array([[[8.0, 2.0], [1.0, 1.0]]]))
    array([0.65])
    """
    return _mean_known(recalls(cells))


def macro_f1(cells: Array) -> Array:
    """Mean F1 over the classes that happened or were told."""
    return _mean_known(f1_scores(cells))


def changes_caught(said: Index, y: Index, before: Index) -> tuple[Mask, Mask]:
    """Tell which rows change, and which of these were told exactly, (n_rows,) each."""
    changed = y != before
    return changed, changed & (said == y)


def _diagonal(cells: Array) -> Array:
    return np.diagonal(cells, axis1=-2, axis2=-1)


def _mean_known(values: Array) -> Array:
    known = np.isfinite(values)
    return _divided(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


def _divided(part: Array, whole: Array) -> Array:
    quotient: Array = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return quotient

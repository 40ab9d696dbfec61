"""How well scores rank, and how honest probabilities are. NumPy only; tied scores count as tied.

A bootstrap evaluates the same scores thousands of times with other weights, so the sorting
is done once in :class:`Ranking` and each round costs two cumulative sums.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from podforecast.domain.telemetry import Array

CALIBRATION_BINS = 10


class Ranking:
    """Labels in the order of their scores, ready to be measured under many weightings.

    Parameters
    ----------
    y
        Labels 0 or 1, shape (n,).
    score
        Larger means riskier, shape (n,). NaN is refused: a row without a score has no rank.

    Raises
    ------
    ValueError
        If shapes differ or a score is NaN.

    Examples
    --------
    >>> ranking = Ranking([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> ranking.roc_auc(), ranking.average_precision()
    (0.75, 0.8333333333333333)
    """

    def __init__(self, y: ArrayLike, score: ArrayLike) -> None:
        labels, scores = _checked(y, score)
        self._order = np.argsort(-scores, kind="stable")
        self._positive = labels[self._order] == 1
        descending = scores[self._order]
        self._last_of_tie = np.append(np.flatnonzero(np.diff(descending)), len(descending) - 1)

    def cumulated(self, weight: ArrayLike | None = None) -> tuple[Array, Array]:
        """Weight of positives, and of negatives, at or above each distinct score, falling."""
        if weight is None:
            ordered = np.ones(len(self._order))
        else:
            ordered = np.asarray(weight, dtype=np.float64)[self._order]
        positives = np.cumsum(np.where(self._positive, ordered, 0.0))[self._last_of_tie]
        everything = np.cumsum(ordered)[self._last_of_tie]
        return positives, everything - positives

    def roc_auc(self, weight: ArrayLike | None = None) -> float:
        """Chance that a positive outranks a negative, ties counting half; NaN with one class."""
        positives, negatives = self.cumulated(weight)
        total = positives[-1] * negatives[-1]
        if total <= 0:
            return math.nan
        new_negatives = np.diff(negatives, prepend=0.0)
        new_positives = np.diff(positives, prepend=0.0)
        return float(new_negatives @ (positives - new_positives / 2) / total)

    def average_precision(self, weight: ArrayLike | None = None) -> float:
        """Precision at each distinct score, weighted by the recall it adds; NaN without positives.

        A random score reaches the prevalence, so the two are always quoted together.
        """
        positives, negatives = self.cumulated(weight)
        if positives[-1] <= 0:
            return math.nan
        alarms = positives + negatives
        precision = np.divide(positives, alarms, out=np.zeros_like(alarms), where=alarms > 0)
        return float(np.diff(positives, prepend=0.0) @ precision / positives[-1])


def roc_auc(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Area under the ROC curve of scores of any scale; see :meth:`Ranking.roc_auc`.

    >>> roc_auc([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5])
    0.5
    """
    return Ranking(y, score).roc_auc(weight)


def average_precision(y: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Area under the precision-recall steps; see :meth:`Ranking.average_precision`.

    >>> average_precision([0, 1, 0, 0], [0.2, 0.9, 0.1, 0.3])
    1.0
    """
    return Ranking(y, score).average_precision(weight)


def brier(y: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean squared distance of probability and outcome.

    Saying the prevalence p of every row scores p(1 - p); a useful model scores less.

    >>> brier([0, 1], [0.25, 0.75])
    0.0625
    """
    labels, probabilities = _checked(y, probability)
    weights = None if weight is None else np.asarray(weight, dtype=np.float64)
    return float(np.average((probabilities - labels) ** 2, weights=weights))


def reliability(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    bins: int = CALIBRATION_BINS,
    weight: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Mean probability, observed rate and weight of bins that hold equally many rows.

    Equal mass rather than equal width: failures are rare, so with bins of equal width nearly
    all rows share the first one and the error of the others is noise. Rows with the same
    probability stay in one bin; fewer bins come back where there are too few distinct values.

    Returns
    -------
    ndarray of shape (n_bins, 3)
        Columns: mean probability, observed rate, share of the weight. Rising probability.
    """
    labels, probabilities = _checked(y, probability)
    weights = np.ones(len(labels)) if weight is None else np.asarray(weight, dtype=np.float64)
    edges = np.unique(np.quantile(probabilities, np.linspace(0, 1, bins + 1)[1:-1]))
    which = np.searchsorted(edges, probabilities, side="left")
    mass = np.bincount(which, weights, minlength=len(edges) + 1)
    filled = mass > 0
    mean = np.bincount(which, weights * probabilities, minlength=len(mass))[filled] / mass[filled]
    rate = np.bincount(which, weights * labels, minlength=len(mass))[filled] / mass[filled]
    return np.column_stack([mean, rate, mass[filled] / mass.sum()])


def expected_calibration_error(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    bins: int = CALIBRATION_BINS,
    weight: ArrayLike | None = None,
) -> float:
    """Mean distance of probability and observed rate over equal-mass bins, in [0, 1].

    >>> expected_calibration_error([0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5])
    0.0
    """
    table = reliability(y, probability, bins=bins, weight=weight)
    return float(table[:, 2] @ np.abs(table[:, 0] - table[:, 1]))


def _checked(y: ArrayLike, score: ArrayLike) -> tuple[Array, Array]:
    labels = np.asarray(y, dtype=np.float64)
    scores = np.asarray(score, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape or not len(labels):
        raise ValueError(f"expected equally long columns, got {labels.shape} and {scores.shape}")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).sum())} of {len(scores)} scores are NaN")
    return labels, scores

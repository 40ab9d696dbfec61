"""From catalogue rows to what each kind of model can take. Unknown is NaN until here.

XGBoost routes NaN itself. scikit-learn's forest does so too, but not together with monotone
constraints, so it gets a value in its place. A linear model needs an imputed value, a flag that
says so, comparable scales and one column per category.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.tables import Index

BELOW_EVERYTHING = -1e9
"""Stands for unknown in a forest: one split tells it from every value that exists."""

CATEGORIES: tuple[int, ...] = tuple(i for i, f in enumerate(CATALOGUE) if f.categories)
MONOTONE: tuple[int, ...] = tuple(i for i, f in enumerate(CATALOGUE) if f.monotone)
SHARE_UNITS = ("%", "0-1")
BOUNDED: tuple[int, ...] = tuple(
    i
    for i, f in enumerate(CATALOGUE)
    if f.unit.startswith(SHARE_UNITS) and " per " not in f.unit and not f.categories
)
"""Shares and percentages. All other numbers may have long tails."""
NUMBERS: tuple[int, ...] = tuple(i for i in range(len(CATALOGUE)) if i not in CATEGORIES)
LONG_TAILED: frozenset[int] = frozenset(NUMBERS) - frozenset(BOUNDED)
KNOTS = (0.9, 0.98)
"""Quantiles from which a number has one more slope each. Trouble sits in the upper tail: 40 % of a
limit is as safe as 20 %, and 98 % is not twice 49 %."""
N_CATEGORY_VALUES = sum(len(CATALOGUE[i].categories) for i in CATEGORIES)


def signed_log(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Pull in long tails of both signs; rises everywhere, so it keeps monotone features so.

    >>> signed_log(np.array([-np.e + 1, 0.0, np.e - 1])).tolist()
    [-1.0, 0.0, 1.0]
    """
    logged: NDArray[np.floating] = np.sign(values) * np.log1p(np.abs(values))
    return logged


class FillUnknown(TransformerMixin, BaseEstimator):  # type: ignore[misc] # untyped base
    """Replace NaN by a value that trees can part from every known one.

    Features that must be monotone get their median instead: below everything would say that an
    unknown memory use is the safest there is.
    """

    def fit(self, x: NDArray[np.floating], y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn the medians of monotone features; 0 where nothing is known."""
        fill = np.full(x.shape[1], BELOW_EVERYTHING)
        for column in MONOTONE:
            known = x[~np.isnan(x[:, column]), column]
            fill[column] = np.median(known) if len(known) else 0.0
        self.fill_ = fill
        return self

    def transform(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return a copy without NaN, of the same shape and type."""
        filled: NDArray[np.floating] = np.where(np.isnan(x), self.fill_.astype(x.dtype), x)
        return filled


class LinearDesign(TransformerMixin, BaseEstimator):  # type: ignore[misc] # untyped base
    """What a linear model needs: imputed and scaled numbers, flags of unknown ones, categories.

    Columns come out in the order of ``NUMBERS``, then one flag for each of these, then one column
    per value of each category; an unknown category is none of its values. Then come the hinges:
    for each of ``KNOTS``, by how much each number is above that quantile of it. Last, as they are,
    come columns that a table has after the catalogue's. Long-tailed numbers are logged first.
    Everything is written into one array in place: scikit-learn's ``ColumnTransformer`` of the same
    steps takes three times the memory.
    """

    def fit(self, x: NDArray[np.floating], y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn median, mean, deviation and knots; 0, 0, 1 and 0 where nothing is known."""
        self.median_, self.mean_, self.scale_ = np.array(
            [_spread(_straightened(x[:, column], column)) for column in NUMBERS]
        ).T
        self.knots_ = np.array(
            [np.quantile(self._scaled(x, place)[0], KNOTS) for place in range(len(NUMBERS))]
        ).T
        return self

    def transform(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the design, shape (n_rows, n_columns), of the type of ``x``."""
        n_numbers = len(NUMBERS)
        first_hinge = 2 * n_numbers + N_CATEGORY_VALUES
        n_columns, n_more = first_hinge + len(KNOTS) * n_numbers, x.shape[1] - len(CATALOGUE)
        design = np.zeros((len(x), n_columns + n_more), dtype=x.dtype)
        design[:, n_columns:] = x[:, len(CATALOGUE) :]
        for place in range(n_numbers):
            design[:, place], design[:, n_numbers + place] = self._scaled(x, place)
            for which, knot in enumerate(self.knots_[:, place]):
                above = np.maximum(design[:, place] - knot, 0.0)
                design[:, first_hinge + which * n_numbers + place] = above
        first = 2 * n_numbers
        for column in CATEGORIES:
            for category in range(len(CATALOGUE[column].categories)):
                design[:, first] = x[:, column] == category
                first += 1
        return design

    def _scaled(
        self, x: NDArray[np.floating], place: int
    ) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
        """One number, imputed and scaled, and where it is unknown."""
        column = NUMBERS[place]
        unknown = np.isnan(x[:, column])
        value = np.where(unknown, self.median_[place], _straightened(x[:, column], column))
        return (value - self.mean_[place]) / self.scale_[place], unknown


def linear_monotone() -> Index:
    """Columns of :class:`LinearDesign` that must not get a negative coefficient."""
    numbers = np.array([NUMBERS.index(column) for column in MONOTONE], dtype=np.int64)
    first_hinge = 2 * len(NUMBERS) + N_CATEGORY_VALUES
    hinges = [first_hinge + which * len(NUMBERS) + numbers for which in range(len(KNOTS))]
    return np.concatenate([numbers, *hinges])


def _straightened(values: NDArray[np.floating], column: int) -> NDArray[np.floating]:
    return signed_log(values) if column in LONG_TAILED else values


def _spread(values: NDArray[np.floating]) -> tuple[float, float, float]:
    """Median of known values; mean and deviation once unknown ones are the median."""
    unknown = np.isnan(values)
    median = float(np.median(values[~unknown])) if not unknown.all() else 0.0
    filled = np.where(unknown, median, values).astype(np.float64)
    return median, float(filled.mean()), float(filled.std()) or 1.0

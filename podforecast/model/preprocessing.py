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
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

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
LONG_TAILED: tuple[int, ...] = tuple(
    i for i in range(len(CATALOGUE)) if i not in CATEGORIES + BOUNDED
)


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


def linear_design() -> ColumnTransformer:
    """Return the preparation of a linear model: impute, flag, scale, one column per category.

    Columns come out as long-tailed, bounded, flags of both, categories; see
    :func:`linear_monotone` for where monotone features end up.
    """
    return ColumnTransformer(
        [
            (
                "long_tailed",
                make_pipeline(FunctionTransformer(signed_log), _impute(), StandardScaler()),
                LONG_TAILED,
            ),
            ("bounded", make_pipeline(_impute(), StandardScaler()), BOUNDED),
            ("unknown", FunctionTransformer(_unknown), LONG_TAILED + BOUNDED),
            (
                "categories",
                OneHotEncoder(
                    categories=[list(range(len(CATALOGUE[i].categories))) for i in CATEGORIES],
                    handle_unknown="ignore",
                    sparse_output=False,
                    dtype=np.float32,
                ),
                CATEGORIES,
            ),
        ]
    )


def linear_monotone() -> Index:
    """Columns of :func:`linear_design` that must not get a negative coefficient."""
    order = LONG_TAILED + BOUNDED
    return np.array([order.index(column) for column in MONOTONE], dtype=np.int64)


def _unknown(values: NDArray[np.floating]) -> NDArray[np.floating]:
    flags: NDArray[np.floating] = np.isnan(values).astype(values.dtype)
    return flags


def _impute() -> SimpleImputer:
    return SimpleImputer(strategy="median", keep_empty_features=True)

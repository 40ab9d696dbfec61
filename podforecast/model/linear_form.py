"""A fitted linear design and its coefficients, folded into one curve per feature.

The pipeline imputes, scales, flags and multiplies in a table twice as wide as its rows. All of
that is a sum of one function per feature, so it is stored as such: for a number a slope and
hinges, for a category one value each, and for either what it adds while unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from podforecast.domain.telemetry import Array

ROWS_AT_ONCE = 8192
"""About what fits a second-level cache, one column at a time."""

SHAPES = {"logged": 1, "slope": 1, "unknown": 1, "hinge_at": 2, "hinge_slope": 2, "category": 2}
"""Arrays of the form and their dimensions; the first is always the feature."""


class LinearForm:
    """A margin that is an intercept and one term per feature.

    Parameters
    ----------
    arrays
        ``intercept``, and with one row per feature: ``logged`` (1 where a number is pulled in
        by a signed logarithm first, 0 where not), ``slope``, ``unknown`` (the term of NaN),
        ``hinge_at`` and ``hinge_slope`` of shape (n_features, n_hinges), and ``category`` of shape
        (n_features, n_codes), where NaN marks what is no code of the feature. A feature with a
        code is a category: it has no slope, and a value that is no code adds 0.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the arrays are not of this form.
    """

    method: Literal["exact"] = "exact"
    is_quick = True

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays = {name: np.asarray(arrays[name], dtype=np.float64) for name in SHAPES}
        self._intercept = float(arrays["intercept"])
        _check(self._arrays, self._intercept)
        self._is_number = [bool(np.isnan(codes).all()) for codes in self._arrays["category"]]
        self._terms = [self._term(column) for column in range(len(self._is_number))]
        self._all_unknown = self._intercept + float(self._arrays["unknown"].sum())

    @property
    def n_features(self) -> int:
        return len(self._terms)

    def odds(self, values: Array) -> Array:
        """Log-odds of each row, (n,); in chunks, so that memory does not grow with the rows."""
        chunks = (
            values[first : first + ROWS_AT_ONCE].T
            for first in range(0, max(len(values), 1), ROWS_AT_ONCE)
        )
        if values.strides[0] == values.itemsize:  # column by column already, as a batch is
            return np.concatenate([self._odds(chunk) for chunk in chunks])
        return np.concatenate([self._odds(np.ascontiguousarray(chunk)) for chunk in chunks])

    def odds_of_one(self, row: Array) -> float:
        """Log-odds of one row, (n_features,): plain Python is quicker than any array here."""
        odds = self._all_unknown
        for value, (unknown, logged, slope, hinges, codes) in zip(
            row.tolist(), self._terms, strict=True
        ):
            if value != value:
                continue
            odds -= unknown
            if codes is not None:
                odds += codes.get(value, 0.0)
                continue
            if logged:
                value = math.copysign(math.log1p(abs(value)), value)
            odds += slope * value
            for at, gain in hinges:
                if value > at:
                    odds += gain * (value - at)
        return odds

    def parts(self, values: Array, typical: Array) -> Array:
        """Term of each feature less that of a typical row as unknown as it, (n, n_features)."""
        parts = np.empty(values.shape)
        for column in range(self.n_features):
            term = self._column(column, values[:, column])
            parts[:, column] = term - self._column(column, typical[:, column])
        return parts

    def _odds(self, columns: Array) -> Array:
        """Log-odds of a table that lies column by column, (n_features, n) to (n,)."""
        # Clients know a sixth of the features: what nobody knows is found out in one call.
        never_known = np.isnan(columns).all(axis=1)
        unknown = float(self._arrays["unknown"][never_known].sum())
        odds = np.full(columns.shape[1], self._intercept + unknown)
        for column in np.flatnonzero(~never_known).tolist():
            odds += self._column(column, columns[column])
        return odds

    def _column(self, column: int, values: Array) -> Array | float:
        """Term of one feature; a plain number where it is unknown in every row."""
        unknown = np.isnan(values)
        if unknown.all():
            return float(self._arrays["unknown"][column])
        known = self._number if self._is_number[column] else self._category
        term = known(column, values)
        return np.where(unknown, self._arrays["unknown"][column], term) if unknown.any() else term

    def _number(self, column: int, values: Array) -> Array:
        value = values
        if self._arrays["logged"][column]:
            value = np.copysign(np.log1p(np.abs(values)), values)
        term: Array = self._arrays["slope"][column] * value
        for at, gain in zip(
            self._arrays["hinge_at"][column], self._arrays["hinge_slope"][column], strict=True
        ):
            term += gain * np.maximum(value - at, 0.0)
        return term

    def _category(self, column: int, values: Array) -> Array:
        term = np.zeros(len(values))
        for code, gain in enumerate(self._arrays["category"][column]):
            if not math.isnan(gain):
                term[values == code] = gain
        return term

    def _term(
        self, column: int
    ) -> tuple[float, bool, float, list[tuple[float, float]], dict[float, float] | None]:
        """One feature as Python has it fastest: see the parameters of the class."""
        at = {name: array[column].tolist() for name, array in self._arrays.items()}
        hinges = [pair for pair in zip(at["hinge_at"], at["hinge_slope"], strict=True) if pair[1]]
        codes = {float(code): gain for code, gain in enumerate(at["category"]) if gain == gain}
        return at["unknown"], bool(at["logged"]), at["slope"], hinges, codes or None


def _check(arrays: Mapping[str, np.ndarray], intercept: float) -> None:
    n_features = len(arrays["slope"])
    for name, dimensions in SHAPES.items():
        array = arrays[name]
        if array.ndim != dimensions or len(array) != n_features:
            raise ValueError(f"{name} has shape {array.shape} for {n_features} features")
        if name != "category" and not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")
    if arrays["hinge_at"].shape != arrays["hinge_slope"].shape or not math.isfinite(intercept):
        raise ValueError("hinges or intercept do not fit")

"""The portable form of a linear model and trees that have one vote each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from podforecast.domain.telemetry import Array
from podforecast.model.archive import group
from podforecast.model.linear_form import LinearForm
from podforecast.model.tree_form import TreeForm

LINEAR, TREES = "linear", "trees"
FURTHEST_ODDS = 16.0
"""Log-odds of one in nine million. A line goes on for ever: without a bound, one value far beyond
everything seen in training would outvote all trees."""


def kept_within(odds: Array) -> Array:
    """Keep the log-odds of a line within what a vote may weigh."""
    return np.clip(odds, -FURTHEST_ODDS, FURTHEST_ODDS)


class JoinedForm:
    """The mean of the log-odds of a :class:`LinearForm` and a :class:`TreeForm`.

    Parameters
    ----------
    arrays
        Those of both forms, as ``linear/...`` and ``trees/...``.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the arrays are not of this form.
    """

    method: Literal["path"] = "path"

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._linear = LinearForm(group(LINEAR, arrays))
        self._trees = TreeForm(group(TREES, arrays))
        if self._linear.n_features != self._trees.n_features:
            raise ValueError(
                f"{self._linear.n_features} features of the line,"
                f" {self._trees.n_features} of the trees"
            )

    @property
    def n_features(self) -> int:
        return self._linear.n_features

    @property
    def is_quick(self) -> bool:
        return self._linear.is_quick and self._trees.is_quick

    def odds(self, values: Array) -> Array:
        """Log-odds of each row, (n,)."""
        return (kept_within(self._linear.odds(values)) + self._trees.odds(values)) / 2

    def odds_of_one(self, row: Array) -> float:
        """Log-odds of one row, (n_features,)."""
        line = self._linear.odds_of_one(row)
        line = min(max(line, -FURTHEST_ODDS), FURTHEST_ODDS)
        return (line + self._trees.odds_of_one(row)) / 2

    def parts(self, values: Array, typical: Array) -> Array:
        """Half of what each part says, (n, n_features)."""
        return (self._linear.parts(values, typical) + self._trees.parts(values, typical)) / 2

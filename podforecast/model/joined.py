"""A linear model and boosted trees with one vote each, on the scale of log-odds.

They err apart. A line adds up many small signs at once, and so hears a pod that begins to miss its
probes; trees know what a sign means beside others, memory that is high *and* rising. Neither knows
of the other while it is fitted. Each keeps the promise of monotone features, so their mean does.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from podforecast.domain.telemetry import Array
from podforecast.model.attribution import log_odds_of
from podforecast.model.joined_form import kept_within


class JoinedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # untyped base
    """The mean of the log-odds of two pipelines that take the same rows.

    Parameters
    ----------
    linear
        Ends in a classifier with a ``decision_function``.
    trees
        Ends in any classifier of two classes.
    """

    def __init__(self, linear: Pipeline, trees: Pipeline) -> None:
        self.linear = linear
        self.trees = trees

    @property
    def classes_(self) -> NDArray[np.int64]:
        """0 for no failure, 1 for a failure within the horizon."""
        return np.array([0, 1])

    def fit(
        self, x: NDArray[np.floating], y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit both on the same rows, of shape (n, n_features), NaN = unknown."""
        for part in (self.linear, self.trees):
            part.fit(x, y, classify__sample_weight=sample_weight)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self.linear[-1], "coef_")

    def predict_proba(self, x: NDArray[np.floating]) -> Array:
        """Probabilities of both classes, shape (n, 2)."""
        line = kept_within(self.linear.decision_function(x).astype(np.float64))
        voted = log_odds_of(self.trees.predict_proba(x)[:, 1].astype(np.float64))
        probability: Array = expit((line + voted) / 2)
        return np.column_stack([1.0 - probability, probability])

    def predict(self, x: NDArray[np.floating]) -> NDArray[np.int64]:
        """More likely than not."""
        return (self.predict_proba(x)[:, 1] >= 0.5).astype(np.int64)

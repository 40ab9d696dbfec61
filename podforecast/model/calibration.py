"""From scores to probabilities, learned on rows that the scoring model has not seen.

Both methods keep the order of scores strictly, so neither ranking nor monotone features
suffer, and thresholds can lie anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.isotonic import IsotonicRegression

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array
from podforecast.model import metrics

Method = Literal["sigmoid", "isotonic"]
METHODS: tuple[Method, ...] = ("sigmoid", "isotonic")
CLIP = 1e-7
"""Scores are clipped to [CLIP, 1 - CLIP] before their log-odds are taken."""
STEPS_SHARE = 0.98
"""Isotonic steps are mixed with a little sigmoid, which breaks the ties within a step."""


class Calibrator(Protocol):
    """Rising function from scores in [0, 1] to probabilities."""

    def fit(self, score: Array, y: ArrayLike, weight: Array) -> Self:
        """Learn from out-of-fold scores, all of shape (n,)."""
        ...

    def predict(self, score: ArrayLike) -> Array:
        """Probability of each score."""
        ...


class SigmoidCalibrator:
    """A straight line in log-odds with a positive slope (Platt 1999, on log-odds).

    >>> flat = SigmoidCalibrator().fit(np.array([0.2, 0.8]), [1, 0], np.ones(2))
    >>> bool(np.diff(flat.predict([0.2, 0.8]))[0] > 0)
    True
    """

    slope_: float
    intercept_: float
    LEAST_SLOPE = 1e-3

    def fit(self, score: Array, y: ArrayLike, weight: Array) -> Self:
        """Minimise the weighted log loss over slope and intercept."""
        odds, labels = log_odds(score), np.asarray(y, dtype=np.float64)
        weight = weight / weight.sum()

        def objective(line: Array) -> tuple[float, Array]:
            margin = line[0] * odds + line[1]
            error = weight * (expit(margin) - labels)
            loss = weight @ (np.logaddexp(0.0, margin) - labels * margin)
            return float(loss), np.array([error @ odds, error.sum()])

        bounds = [(self.LEAST_SLOPE, None), (None, None)]
        found = minimize(objective, np.array([1.0, 0.0]), jac=True, bounds=bounds)
        self.slope_, self.intercept_ = float(found.x[0]), float(found.x[1])
        return self

    def predict(self, score: ArrayLike) -> Array:
        """Probability of each score."""
        probability: Array = expit(self.slope_ * log_odds(score) + self.intercept_)
        return probability


class IsotonicCalibrator:
    """The best rising staircase (Zadrozny & Elkan 2002), slightly tilted."""

    def fit(self, score: Array, y: ArrayLike, weight: Array) -> Self:
        """Fit the staircase, and the sigmoid that tilts it."""
        self.steps_ = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        self.steps_.fit(log_odds(score), y, sample_weight=weight)
        self.tilt_ = SigmoidCalibrator().fit(score, y, weight)
        return self

    def predict(self, score: ArrayLike) -> Array:
        """Probability of each score."""
        steps: Array = self.steps_.predict(log_odds(score))
        return STEPS_SHARE * steps + (1 - STEPS_SHARE) * self.tilt_.predict(score)


class CalibratedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # untyped base
    """A fitted classifier followed by a fitted calibrator; nothing is learned here.

    Parameters
    ----------
    classifier
        Fitted, two classes.
    calibrator
        Fitted on the classifier's out-of-fold scores.
    """

    def __init__(self, classifier: ClassifierMixin, calibrator: Calibrator) -> None:
        self.classifier = classifier
        self.calibrator = calibrator

    @property
    def classes_(self) -> NDArray[np.int64]:
        """0 for no failure, 1 for a failure within the horizon."""
        return np.array([0, 1])

    def fit(self, x: NDArray[np.floating], y: ArrayLike) -> Self:  # noqa: ARG002 - as FrozenEstimator
        """Return itself unchanged: refitting on other rows would undo the calibration."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, x: NDArray[np.floating]) -> Array:
        """Probabilities of both classes, shape (n, 2)."""
        probability = self.calibrator.predict(self.classifier.predict_proba(x)[:, 1])
        return np.column_stack([1.0 - probability, probability])

    def predict(self, x: NDArray[np.floating]) -> NDArray[np.int64]:
        """More likely than not. An alert threshold is the manifest's business."""
        return (self.predict_proba(x)[:, 1] >= 0.5).astype(np.int64)


def log_odds(score: ArrayLike) -> Array:
    """Log-odds of scores in [0, 1], bounded by ``CLIP``.

    >>> log_odds([0.5]).tolist()
    [0.0]
    """
    clipped = np.clip(np.asarray(score, dtype=np.float64), CLIP, 1.0 - CLIP)
    odds: Array = np.log(clipped) - np.log1p(-clipped)
    return odds


def calibrator(method: Method) -> Calibrator:
    """Return a new calibrator of a method."""
    return SigmoidCalibrator() if method == "sigmoid" else IsotonicCalibrator()


def cross_fitted(method: Method, score: Array, y: ArrayLike, fold: Index, weight: Array) -> Array:
    """Probability of each row from a calibrator that has not seen the row's fold."""
    labels = np.asarray(y)
    probability = np.empty(len(score))
    for held_out in np.unique(fold):
        inside = fold == held_out
        fitted = calibrator(method).fit(score[~inside], labels[~inside], weight[~inside])
        probability[inside] = fitted.predict(score[inside])
    return probability


def compare(
    score: Array, y: ArrayLike, fold: Index, weight: Array, methods: Sequence[Method] = METHODS
) -> dict[Method, float]:
    """Held-out Brier score of each method, in the order given."""
    return {
        method: metrics.brier(y, cross_fitted(method, score, y, fold, weight), weight)
        for method in methods
    }

"""The whole way from a dataset to a model that may be saved.

Select, calibrate on out-of-fold scores, choose thresholds on the same, fit on all rows.
:func:`refit` repeats all of it but the selection, for an evaluation that wants the same recipe
on another part of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline

from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.errors import DataUnusable
from podforecast.model import calibration, fitting, masking, metrics, selection, splits, threshold
from podforecast.model.calibration import CalibratedClassifier, Calibrator, Method
from podforecast.model.candidates import CANDIDATES, Candidate
from podforecast.model.fitting import OutOfFold, Recipe, Rows
from podforecast.model.selection import Contender, Effort
from podforecast.model.threshold import (
    DEFAULT_BUDGET,
    REPORTED_BUDGETS,
    AlertBudget,
    OperatingPoint,
)

OnProgress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How scores became probabilities; errors are held-out ones."""

    method: Method
    brier: dict[Method, float]
    expected_calibration_error: float
    expected_calibration_error_required_only: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """A recipe fitted on all rows of a dataset, with what its rows say out of fold."""

    recipe: Recipe
    pipeline: Pipeline
    """``prepare`` and ``classify``; takes catalogue rows, gives calibrated probabilities."""
    out_of_fold: Array
    """Calibrated probability of each row by a model that has not seen it, shape (n_rows,):
    what thresholds are chosen on."""
    out_of_fold_required_only: Array
    """The same with every optional feature unknown."""
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """Everything there is to know about a training."""

    fitted: FittedModel
    contenders: tuple[Contender, ...]
    """The one that is kept first; those that are compared only last."""
    operating_point: OperatingPoint
    """For the budget that was asked for."""
    reported_points: tuple[OperatingPoint, ...]
    """For the budgets that every report shows."""
    seed: int

    @property
    def threshold(self) -> float:
        """At risk from here on."""
        return self.operating_point.threshold


def train(
    dataset: Dataset,
    *,
    seed: int,
    jobs: int = 1,
    budget: AlertBudget = DEFAULT_BUDGET,
    candidates: Sequence[Candidate] = CANDIDATES,
    on_progress: OnProgress = lambda _done, _total, _text: None,
) -> TrainedModel:
    """Compare the candidates and make the best one ready for service.

    Parameters
    ----------
    dataset
        Rows to learn from; test campaigns must not be in it.
    seed
        The same seed and dataset give the same probabilities, to the last bit, whatever
        ``jobs`` is.
    jobs
        Fits at a time.
    budget
        False alarms the operator accepts; the threshold follows from it, and which candidate is
        kept where ROC-AUC can not tell.

    Raises
    ------
    DataUnusable
        If there is one outcome only, or too few pods for cross-validation.
    ValueError
        If no candidate may be kept.
    """
    _check(dataset)
    data = Rows.of(dataset)
    steps = _Steps(selection.fits(candidates) + 1, on_progress)
    effort = Effort(seed=seed, jobs=jobs, budget=budget, on_fit=steps.fitted)
    contenders = selection.select(data, candidates, effort)
    best = contenders[0]
    fitted = _finished(data, best.recipe, best.out_of_fold, seed)
    steps.fitted(best.recipe.name)
    return TrainedModel(
        fitted=fitted,
        contenders=tuple(contenders),
        operating_point=threshold.choose(dataset, fitted.out_of_fold, budget),
        reported_points=tuple(
            threshold.choose(dataset, fitted.out_of_fold, one) for one in REPORTED_BUDGETS
        ),
        seed=seed,
    )


def refit(dataset: Dataset, recipe: Recipe, *, seed: int, jobs: int = 1) -> FittedModel:
    """Fit and calibrate one recipe: cross-validation, calibration, final fit, no search.

    Raises
    ------
    DataUnusable
        If there is one outcome only, or too few pods for cross-validation.
    """
    _check(dataset)
    data = Rows.of(dataset)
    fold = splits.folds_of(dataset, folds=selection.COMPARE_FOLDS, seed=seed + 1)
    scores = selection.out_of_fold(data, recipe, fold, Effort(seed=seed, jobs=jobs))
    return _finished(data, recipe, scores, seed)


def _finished(data: Rows, recipe: Recipe, scores: OutOfFold, seed: int) -> FittedModel:
    calibrator, facts = calibrate(scores, data.dataset.y)
    everything = np.arange(len(data.dataset))
    [bare] = fitting.run([lambda: fitting.fit(data, everything, recipe, seed=seed)], jobs=1)
    prepare, classify = bare.steps
    return FittedModel(
        recipe=recipe,
        pipeline=Pipeline([prepare, ("classify", CalibratedClassifier(classify[1], calibrator))]),
        out_of_fold=calibrator.predict(scores.full),
        out_of_fold_required_only=calibrator.predict(scores.required_only),
        calibration=facts,
    )


def calibrate(scores: OutOfFold, y: np.ndarray) -> tuple[Calibrator, Calibration]:
    """Choose the method with the lower held-out Brier score and fit it on all scores.

    Rows count with all their features, and once more, with the share they had in training,
    with the required ones only: both kinds come in service.
    """
    n_rows = len(y)
    score, labels, fold, weight = _both_kinds(scores, y)
    brier = calibration.compare(score, labels, fold, weight)
    method = min(brier, key=brier.__getitem__)
    probability = held_out(scores, y, method)
    return calibration.calibrator(method).fit(score, labels, weight), Calibration(
        method=method,
        brier=brier,
        expected_calibration_error=metrics.expected_calibration_error(y, probability[:n_rows]),
        expected_calibration_error_required_only=metrics.expected_calibration_error(
            y, probability[n_rows:]
        ),
    )


def held_out(scores: OutOfFold, y: np.ndarray, method: Method) -> Array:
    """Probabilities by calibrators that have not seen the row's fold either.

    Returns
    -------
    ndarray of shape (2 * n_rows,)
        The rows with all their features, then with the required ones only.
    """
    return calibration.cross_fitted(method, *_both_kinds(scores, y))


def _both_kinds(scores: OutOfFold, y: np.ndarray) -> tuple[Array, np.ndarray, Index, Array]:
    """Score, label, fold and weight of each row with all features, then with the required ones."""
    return (
        np.concatenate([scores.full, scores.required_only]),
        np.tile(y, 2),
        np.tile(scores.fold, 2),
        np.repeat([1.0, masking.REQUIRED_ONLY_SHARE], len(y)),
    )


def _check(dataset: Dataset) -> None:
    failing = int(np.sum(dataset.y == 1))
    if failing in (0, len(dataset)):
        raise DataUnusable(
            f"{failing} of {len(dataset)} rows announce a failure, both outcomes are needed",
            hint="Record for longer, or check the target column.",
        )


class _Steps:
    """Counts fits for a progress bar."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        self._done, self._total, self._tell = 0, total, on_progress

    def fitted(self, name: str) -> None:
        self._done += 1
        self._tell(self._done, self._total, name)

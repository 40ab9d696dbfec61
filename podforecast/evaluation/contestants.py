"""Who competes on a split: the model in two situations, the other candidates, the baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from sklearn.pipeline import Pipeline

from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.evaluation.baselines import BASELINES, Baseline
from podforecast.evaluation.canaries import Fit
from podforecast.evaluation.figures import ALL_FEATURES, REQUIRED_ONLY
from podforecast.evaluation.trial import Method, Trial
from podforecast.model import fitting, masking
from podforecast.model.fitting import Recipe, Rows
from podforecast.model.manifest import Manifest
from podforecast.model.training import FittedModel

MODEL, MODEL_REQUIRED_ONLY = "model", "model_required_only"


def recipes(manifest: Manifest) -> tuple[Recipe, ...]:
    """Every candidate with its best settings, the saved model's own first."""
    found = [Recipe(name=c.name, parameters=c.parameters) for c in manifest.candidates]
    return tuple(sorted(found, key=lambda recipe: recipe.name != manifest.algorithm))


def of_model(trial: Trial, fitted: FittedModel, score: Callable[[Array], Array]) -> list[Method]:
    """Score the test rows with all features, and with every optional one unknown.

    Thresholds of each situation come from the same situation: an operator whose cluster has
    the required features only would choose the threshold there too.

    Parameters
    ----------
    fitted
        Fitted on the training rows; its out-of-fold probabilities are what thresholds come from.
    score
        What scores the test rows: ``fitted`` itself, or the saved model.
    """
    x = trial.test.x
    bare = masking.required_only(x).astype(np.float64)
    return [
        Method(
            name=MODEL,
            title=f"{fitted.recipe.name}, {ALL_FEATURES}",
            kind="model",
            calibration=fitted.out_of_fold,
            test=score(x),
            is_probability=True,
        ),
        Method(
            name=MODEL_REQUIRED_ONLY,
            title=f"{fitted.recipe.name}, {REQUIRED_ONLY}",
            kind="model",
            calibration=fitted.out_of_fold_required_only,
            test=score(bare),
            is_probability=True,
        ),
    ]


def probability(pipeline: Pipeline, x: Array) -> Array:
    """Calibrated probability of each row, shape (n,)."""
    found: Array = pipeline.predict_proba(x)[:, 1]
    return found


def of_baselines(trial: Trial, baselines: Sequence[Baseline] = BASELINES) -> list[Method]:
    """Score both sides with every baseline; nothing is learned, so no row needs to be held out."""
    return [
        Method(
            name=baseline.name,
            title=baseline.title,
            kind="rule",
            calibration=baseline.score(trial.train.x),
            test=baseline.score(trial.test.x),
            usual=baseline.usual,
        )
        for baseline in baselines
    ]


def of_candidates(trial: Trial, others: Sequence[Recipe], seed: int, jobs: int) -> list[Method]:
    """Fit the candidates that were not chosen on the same rows; ranked only, no thresholds.

    They are shown because the comparison that chose the model was made by cross-validation;
    nothing is chosen by what is seen here.
    """
    data, rows = Rows.of(trial.train), np.arange(len(trial.train))
    tasks = [partial(_scored, data, rows, recipe, trial, seed) for recipe in others]
    return [
        Method(
            name=recipe.name,
            title=f"{recipe.name}, {ALL_FEATURES}",
            kind="candidate",
            calibration=None,
            test=score,
        )
        for recipe, score in zip(others, fitting.run(tasks, jobs=jobs), strict=True)
    ]


def _scored(data: Rows, rows: Index, recipe: Recipe, trial: Trial, seed: int) -> Array:
    return fitting.raw(fitting.fit(data, rows, recipe, seed=seed), trial.test.x)


def plain_fit(recipe: Recipe, *, seed: int) -> Fit:
    """Return a fit of one recipe, uncalibrated, for canaries that only rank."""

    def fit(train: Dataset) -> Callable[[Array], Array]:
        data, rows = Rows.of(train), np.arange(len(train))
        [pipeline] = fitting.run([lambda: fitting.fit(data, rows, recipe, seed=seed)], jobs=1)
        return lambda x: fitting.raw(pipeline, x)

    return fit

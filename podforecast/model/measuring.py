"""What a training knows about its model beyond the manifest: the curves, all out of fold.

The importances want the models that had not seen a row, which a training does not keep: a whole
forest per fold would lie in memory until the end. So they are fitted again, one after the other;
the seed makes them the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from podforecast.domain.tables import Dataset
from podforecast.domain.telemetry import Array
from podforecast.model import fitting, outlines, training
from podforecast.model.curves import Curves, GroupImportance
from podforecast.model.fitting import Limits, OutOfFold, Rows
from podforecast.model.importance import Shuffles, grouped_importance
from podforecast.model.training import TrainedModel

SHUFFLED = Limits(negatives=6_000, positives=3_000)
"""Rows that are shuffled: enough for two digits, and a forest scores them in seconds."""
REPEATS = 5
LEVEL = 0.8
"""The interval goes from the 10th to the 90th percentile."""

OnFit = Callable[[], None]


def measure(trained: TrainedModel, dataset: Dataset, *, on_fit: OnFit = lambda: None) -> Curves:
    """Draw every curve of a training from the dataset it was trained on.

    Parameters
    ----------
    on_fit
        Called after each of :func:`fits` fits.
    """
    scores, y = trained.contenders[0].out_of_fold, dataset.y
    probability = training.held_out(scores, y, trained.fitted.calibration.method)[: len(y)]
    points = (trained.operating_point, *trained.reported_points)
    return Curves(
        measured_on=_measured_on(dataset, fits(trained)),
        prevalence=float(np.mean(y)),
        threshold=trained.threshold,
        at_threshold=outlines.rows_at(trained.threshold, y, trained.fitted.out_of_fold),
        candidates=tuple(
            outlines.candidate_curves(one.recipe.name, y, one.out_of_fold.full)
            for one in trained.contenders
        ),
        calibration=outlines.calibration_curve(y, probability),
        alarms=outlines.alarm_line(
            dataset, trained.fitted.out_of_fold, [point.threshold for point in points]
        ),
        importances=_importances(trained, dataset, scores, on_fit),
    )


def fits(trained: TrainedModel) -> int:
    """How many models :func:`measure` fits."""
    return len(np.unique(trained.contenders[0].out_of_fold.fold))


def _importances(
    trained: TrainedModel, dataset: Dataset, scores: OutOfFold, on_fit: OnFit
) -> tuple[GroupImportance, ...]:
    data, fold = Rows.of(dataset), scores.fold
    pipelines = {int(one): _without(data, trained, fold != one, int(one), on_fit)
                 for one in np.unique(fold)}  # fmt: skip
    rows, weight = fitting.thinned(dataset, np.arange(len(dataset)), SHUFFLED)
    inside = {one: np.flatnonzero(fold[rows] == one) for one in pipelines}

    def score(x: NDArray[Any]) -> Array:
        found = np.empty(len(x))
        for one, pipeline in pipelines.items():
            found[inside[one]] = fitting.raw(pipeline, x[inside[one]])
        return found

    shuffles = Shuffles(repeats=REPEATS, rng=np.random.default_rng(trained.seed), level=LEVEL)
    measured = fitting.run(
        [lambda: grouped_importance(dataset.y[rows], data.x[rows], score, shuffles,
                                    weight=weight[rows])], jobs=1,
    )[0]  # fmt: skip
    return tuple(
        GroupImportance(
            group=one.group,
            features=one.features,
            loss=round(one.loss.value, outlines.DIGITS),
            loss_low=round(one.loss.low, outlines.DIGITS),
            loss_high=round(one.loss.high, outlines.DIGITS),
        )
        for one in measured
    )


def _without(
    data: Rows, trained: TrainedModel, others: NDArray[np.bool_], held_out: int, on_fit: OnFit
) -> Pipeline:
    """Fit the model of one fold again, as :func:`fitting.out_of_fold_tasks` did."""
    fit = partial(fitting.fit, data, np.flatnonzero(others), trained.fitted.recipe,
                  seed=trained.seed + held_out)  # fmt: skip
    return fitting.run([fit], jobs=1, on_done=on_fit)[0]


def _measured_on(dataset: Dataset, folds: int) -> str:
    return (
        f"{len(dataset)} rows of {', '.join(dataset.campaigns)}, each scored by a model that was"
        f" fitted without the row's part of the data ({folds} parts)"
    )

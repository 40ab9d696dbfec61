"""Scores a batch: one answer a row, or none at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podforecast.domain.forecast import Indices, prediction_indices, risk_level_indices
from podforecast.domain.telemetry import Array
from podforecast.errors import ModelRefused
from podforecast.model.scorer import Scorer
from podforecast.serving.batch.checking import Batch, PodIds

ROWS_AT_ONCE = 3500
"""A table of as many takes just less than 2 MiB, from where on memory comes from the kernel anew
each time. Much smaller ones cost more calls than they save."""

TRAIN_AGAIN = "Train it again with `python train_model.py`."


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts of one model, in the order of the batch."""

    pod_ids: PodIds
    probabilities: Array
    predictions: Indices
    """Places in ``domain.forecast.PREDICTIONS``."""
    risk_levels: Indices
    """Places in ``domain.forecast.RISK_LEVELS``."""
    threshold: float
    horizon_minutes: float
    model_version: str


def forecasts_of(batch: Batch, model: Scorer) -> Forecasts:
    """Score every row.

    Raises
    ------
    ModelRefused
        If the model answers anything but one probability a row.
    """
    probabilities = _scored(batch, model)
    return Forecasts(
        pod_ids=batch.pod_ids,
        probabilities=probabilities,
        predictions=prediction_indices(probabilities, model.threshold),
        risk_levels=risk_level_indices(probabilities, model.threshold),
        threshold=model.threshold,
        horizon_minutes=model.manifest.horizon_minutes,
        model_version=model.manifest.model_version,
    )


def _scored(batch: Batch, model: Scorer) -> Array:
    # A pipeline takes milliseconds for a table of any size.
    at_once = ROWS_AT_ONCE if model.path == "fast" else batch.rows
    probabilities, done = np.empty(batch.rows), 0
    for table in batch.tables(at_once):
        scores = np.asarray(model.score(table))
        if scores.shape != (len(table),):
            raise ModelRefused(
                f"the model answered {scores.shape} values to {len(table)} rows", hint=TRAIN_AGAIN
            )
        probabilities[done : done + len(table)] = scores
        done += len(table)
    _refuse_nonsense(probabilities)
    return probabilities


def _refuse_nonsense(probabilities: Array) -> None:
    nonsense = ~((probabilities >= 0) & (probabilities <= 1))
    if nonsense.any():
        row = int(nonsense.argmax())
        raise ModelRefused(
            f"the model answered {float(probabilities[row])!r} to row {row}, which is no"
            " probability",
            hint=TRAIN_AGAIN,
        )

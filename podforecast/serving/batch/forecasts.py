"""Scores a batch: one answer a row, or none at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podforecast.domain.forecast import Indices, prediction_indices, risk_level_indices
from podforecast.domain.telemetry import Array
from podforecast.errors import ModelRefused
from podforecast.model.scorer import Scorer
from podforecast.serving.batch.checking import Batch, PodIds


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
    probabilities = np.asarray(model.score(batch.values))
    _refuse_nonsense(probabilities, len(batch.values))
    return Forecasts(
        pod_ids=batch.pod_ids,
        probabilities=probabilities,
        predictions=prediction_indices(probabilities, model.threshold),
        risk_levels=risk_level_indices(probabilities, model.threshold),
        threshold=model.threshold,
        horizon_minutes=model.manifest.horizon_minutes,
        model_version=model.manifest.model_version,
    )


def _refuse_nonsense(probabilities: Array, rows: int) -> None:
    hint = "Train it again with `python train_model.py`."
    if probabilities.shape != (rows,):
        raise ModelRefused(
            f"the model answered {probabilities.shape} values to {rows} rows", hint=hint
        )
    nonsense = ~((probabilities >= 0) & (probabilities <= 1))
    if nonsense.any():
        row = int(nonsense.argmax())
        raise ModelRefused(
            f"the model answered {float(probabilities[row])!r} to row {row}, which is no"
            " probability",
            hint=hint,
        )

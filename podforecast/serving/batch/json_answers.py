"""Forecasts in JSON: as rows to who sent rows, as columns to who sent columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from podforecast.api_schema.batch import POD_ID, PREDICTION, PROBABILITY, RISK_LEVEL
from podforecast.domain.forecast import PREDICTIONS, RISK_LEVELS
from podforecast.serving.batch.forecasts import Forecasts

_PREDICTIONS = np.array([str(prediction) for prediction in PREDICTIONS], dtype=object)
_RISK_LEVELS = np.array([str(level) for level in RISK_LEVELS], dtype=object)


def json_columns(forecasts: Forecasts) -> bytes:
    return orjson.dumps(
        {
            **_model(forecasts),
            POD_ID: _pod_ids(forecasts),
            PROBABILITY: np.ascontiguousarray(forecasts.probabilities),
            PREDICTION: _PREDICTIONS[forecasts.predictions].tolist(),
            RISK_LEVEL: _RISK_LEVELS[forecasts.risk_levels].tolist(),
        },
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


def json_rows(forecasts: Forecasts) -> bytes:
    rows = zip(
        _pod_ids(forecasts),
        forecasts.probabilities.tolist(),
        _PREDICTIONS[forecasts.predictions].tolist(),
        _RISK_LEVELS[forecasts.risk_levels].tolist(),
        strict=True,
    )
    listed = [
        {POD_ID: pod_id, PROBABILITY: probability, PREDICTION: prediction, RISK_LEVEL: level}
        for pod_id, probability, prediction, level in rows
    ]
    return orjson.dumps({**_model(forecasts), "forecasts": listed})


def _model(forecasts: Forecasts) -> dict[str, Any]:
    return {
        "model_version": forecasts.model_version,
        "threshold": forecasts.threshold,
        "horizon_minutes": forecasts.horizon_minutes,
    }


def _pod_ids(forecasts: Forecasts) -> list[str]:
    pod_ids = forecasts.pod_ids
    texts: list[str] = pod_ids if isinstance(pod_ids, list) else pod_ids.to_pylist()
    return texts

"""Forecasts as an Arrow stream. Imported when the first is asked for, like its reading."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from podforecast.api_schema.batch import POD_ID, PREDICTION, PROBABILITY, RISK_LEVEL
from podforecast.domain.forecast import PREDICTIONS, RISK_LEVELS, Indices
from podforecast.serving.batch.forecasts import Forecasts


def arrow_stream(forecasts: Forecasts) -> bytes:
    """Write one stream; which model answered is in the metadata of its schema, as text."""
    pod_ids = forecasts.pod_ids
    if isinstance(pod_ids, list):
        pod_ids = pa.array(pod_ids, pa.string())
    table = pa.table(
        {
            POD_ID: pod_ids,
            PROBABILITY: pa.array(forecasts.probabilities, pa.float64()),
            PREDICTION: _labels(forecasts.predictions, PREDICTIONS),
            RISK_LEVEL: _labels(forecasts.risk_levels, RISK_LEVELS),
        },
        metadata={
            "model_version": forecasts.model_version,
            "threshold": repr(float(forecasts.threshold)),
            "horizon_minutes": repr(float(forecasts.horizon_minutes)),
        },
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _labels(indices: Indices, labels: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(indices), pa.array([str(label) for label in labels])
    )

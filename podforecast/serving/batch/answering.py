"""A batch from its bytes to the bytes of its answer; runs in a thread, touches nothing shared."""

from __future__ import annotations

from dataclasses import dataclass

from podforecast.api_schema.batch import ARROW_STREAM
from podforecast.model.scorer import Scorer
from podforecast.serving.batch.checking import Columns, checked
from podforecast.serving.batch.faults import Faults
from podforecast.serving.batch.forecasts import Forecasts, forecasts_of
from podforecast.serving.batch.json_answers import json_columns, json_rows
from podforecast.serving.batch.json_bodies import read_json


@dataclass(frozen=True, slots=True)
class Answered:
    forecasts: Forecasts
    content: bytes


def answered(body: bytes, model: Scorer, *, is_arrow: bool, media_type: str) -> Answered:
    """Read, check, score and write.

    Raises
    ------
    InvalidBatch
        If any of it can not be used; nothing was scored then.
    ModelRefused
        If the model answers nonsense.
    """
    faults = Faults()
    columns, as_rows = _read(body, faults, is_arrow=is_arrow)
    forecasts = forecasts_of(checked(columns, faults), model)
    return Answered(forecasts, _written(forecasts, media_type, as_rows=as_rows))


def _read(body: bytes, faults: Faults, *, is_arrow: bool) -> tuple[Columns, bool]:
    if not is_arrow:
        return read_json(body, faults)
    from podforecast.serving.batch.arrow_bodies import read_arrow

    return read_arrow(body, faults), False


def _written(forecasts: Forecasts, media_type: str, *, as_rows: bool) -> bytes:
    if media_type == ARROW_STREAM:
        from podforecast.serving.batch.arrow_answers import arrow_stream

        return arrow_stream(forecasts)
    return json_rows(forecasts) if as_rows else json_columns(forecasts)

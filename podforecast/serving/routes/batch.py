"""POST /predict/batch: many pods in one request, in JSON or Arrow.

What a batch may cost is bounded on the way in: few are held at once, their bodies are read to a
limit, and the work is done in threads of their own.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from podforecast.api_schema.batch import (
    ARROW_FILE,
    ARROW_STREAM,
    COLUMNS_EXAMPLE,
    JSON,
    MAX_ROWS,
    BatchColumns,
    BatchColumnsResponse,
    BatchProblem,
    BatchRowsResponse,
)
from podforecast.api_schema.predict import EXAMPLE, PredictRequest
from podforecast.serving.batch.answering import Answered, answered
from podforecast.serving.batch.formats import answer_format, is_arrow
from podforecast.serving.bodies import MEBIBYTE, read_body
from podforecast.serving.documentation import problems, reference
from podforecast.serving.problems import MEDIA_TYPE as PROBLEM
from podforecast.serving.state import ServiceState, state_of

router = APIRouter(tags=["forecasts"])

MAX_BODY_BYTES = 64 * MEBIBYTE

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ROWS = {
    "type": "array",
    "items": reference(PredictRequest),
    "minItems": 1,
    "maxItems": MAX_ROWS,
}
_REQUEST: dict[str, Any] = {
    "required": True,
    "content": {
        JSON: {
            "schema": {"oneOf": [_ROWS, reference(BatchColumns)]},
            "examples": {"rows": {"value": [EXAMPLE]}, "columns": {"value": COLUMNS_EXAMPLE}},
        },
        ARROW_STREAM: _BINARY,
        ARROW_FILE: _BINARY,
    },
}
_ANSWER: dict[str, Any] = {
    "description": "The forecasts, in the order of the request.",
    "content": {
        JSON: {
            "schema": {"oneOf": [reference(BatchRowsResponse), reference(BatchColumnsResponse)]}
        },
        ARROW_STREAM: _BINARY,
    },
}
_REFUSAL: dict[str, Any] = {
    "description": HTTPStatus.UNPROCESSABLE_ENTITY.phrase,
    "content": {PROBLEM: {"schema": reference(BatchProblem)}},
}


@router.post(
    "/predict/batch",
    summary="Forecast many pods",
    openapi_extra={"requestBody": _REQUEST},
    responses={
        **problems(
            HTTPStatus.NOT_ACCEPTABLE,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        200: _ANSWER,
        422: _REFUSAL,
    },
)
async def predict_pods(request: Request) -> Response:
    """Return one forecast for each row, in the order of the rows.

    Send an array of pods, an object with one array for each field, or an Arrow IPC stream or
    file. The answer has the same shape, unless `Accept` asks for Arrow or JSON. If any value can
    not be used nothing is scored, and the answer names the row and the field.
    """
    state = state_of(request)
    arrow = is_arrow(request)
    media_type = answer_format(request, arrow=arrow)
    state.slot.require_model()
    state.batches.require_room()
    # A body that drips must keep neither a place from others, nor a model in memory that was
    # replaced meanwhile.
    body = await read_body(request, limit=MAX_BODY_BYTES)
    with state.batches.admitted():
        answer = await _answered(body, state, is_arrow=arrow, media_type=media_type)
    state.metrics.forecast_all(answer.forecasts.probabilities, answer.forecasts.predictions)
    return Response(answer.content, media_type=media_type)


async def _answered(
    body: bytes, state: ServiceState, *, is_arrow: bool, media_type: str
) -> Answered:
    return await to_thread.run_sync(
        lambda: answered(body, state.slot.model(), is_arrow=is_arrow, media_type=media_type),
        limiter=state.batches.threads,
    )

"""GET /prediction: the pods of the latest scan that somebody should look at."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from podforecast.api_schema.prediction import PredictionOut
from podforecast.serving.documentation import answer_of, problems
from podforecast.serving.fleet.query import PREDICTION_PARAMETERS, read_prediction_query
from podforecast.serving.state import state_of

router = APIRouter(tags=["fleet"])


@router.get(
    "/prediction",
    summary="What will fail, why, and what to do",
    openapi_extra={"parameters": [each.document() for each in PREDICTION_PARAMETERS]},
    responses={
        **answer_of(PredictionOut, "The riskiest pods of the latest scan."),
        **problems(
            HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE
        ),
    },
)
async def list_predictions(request: Request) -> Response:
    """Return the pods that are failing, and those whose risk is at least medium, riskiest first.

    Reasons are worked out once per scan, for the 50 riskiest pods of all. Asking triggers no scan;
    `source` says how old the latest one is.
    """
    query = read_prediction_query(request.query_params.multi_items())
    body = state_of(request).fleet.predictions(query)
    return Response(body, media_type="application/json")

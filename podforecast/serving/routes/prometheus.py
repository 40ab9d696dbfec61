"""GET /test-prometheus: whether the Prometheus behind the fleet view has what forecasts need."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request

from podforecast.api_schema.prometheus import PrometheusOut
from podforecast.serving.documentation import problems
from podforecast.serving.state import state_of

router = APIRouter(tags=["fleet"])


@router.get(
    "/test-prometheus",
    summary="Test the connection to Prometheus",
    responses=problems(HTTPStatus.CONFLICT, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def check_prometheus(request: Request) -> PrometheusOut:
    """Ask the Prometheus that is watched what is up, and which of the wanted metrics it has.

    Takes five seconds at most. An answer is kept for ten seconds. `python -m podforecast doctor`
    looks closer, and says what each missing metric costs and how to get it.
    """
    found, age_seconds = await state_of(request).prometheus.result()
    return PrometheusOut.model_validate({**asdict(found), "age_seconds": age_seconds})

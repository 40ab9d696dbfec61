"""The service itself: what it is, whether it lives, whether it is ready, how it does."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from podforecast import __version__
from podforecast.api_schema.service import Alive, Ready, ServiceOut
from podforecast.serving.documentation import problems
from podforecast.serving.metrics import CONTENT_TYPE
from podforecast.serving.readiness import readiness
from podforecast.serving.state import state_of

router = APIRouter(tags=["service"])

FORECASTING = {
    "predict": "/predict",
    "batch": "/predict/batch",
    "model": "/model",
    "simulate": "/simulate/{count}",
}
WATCHING = {
    "prediction": "/prediction",
    "pods": "/pods",
    "prometheus": "/test-prometheus",
    "alive": "/livez",
    "ready": "/readyz",
    "metrics": "/metrics",
    "documentation": "/docs",
    "openapi": "/openapi.json",
}


@router.get("/")
async def describe(request: Request) -> ServiceOut:
    """Name, version and where to go on."""
    links = WATCHING if state_of(request).options.headless else FORECASTING | WATCHING
    return ServiceOut(name="podforecast", version=__version__, links=links)


@router.get("/livez")
async def alive() -> Alive:
    """Answer as long as the process can; restart it where this does not."""
    return Alive(status="alive")


@router.get("/readyz", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def ready(request: Request) -> Ready:
    """Answer 200 while forecasts can be had, 503 with the reason otherwise.

    A service that forecasts what it is sent stays ready while scans are overdue, and says
    `degraded`; a watcher alone does not.
    """
    return readiness(state_of(request))


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Metrics of the service in Prometheus' text format."""
    return Response(state_of(request).metrics.text(), media_type=CONTENT_TYPE)

"""GET /pods and GET /pods/{namespace}/{pod}: the latest scan. Neither ever triggers one."""

from __future__ import annotations

from http import HTTPStatus

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from podforecast.api_schema.fleet import FleetOut, PodDetailOut
from podforecast.domain.pods import PodRef
from podforecast.serving.documentation import answer_of, problems
from podforecast.serving.fleet.query import PARAMETERS, check_name, read_query
from podforecast.serving.state import state_of

router = APIRouter(tags=["fleet"])


@router.get(
    "/pods",
    summary="All pods, riskiest first",
    openapi_extra={"parameters": [parameter.document() for parameter in PARAMETERS]},
    responses={
        **answer_of(FleetOut, "The latest scan."),
        **problems(
            HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE
        ),
    },
)
async def list_pods(request: Request) -> Response:
    """Return the pods of the latest scan that the filters let through, a page of them.

    The scan is made in the background; `source` says how old it is. `counts` and `namespaces` are
    of all pods, filters aside.
    """
    query = read_query(request.query_params.multi_items())
    return _json(state_of(request).fleet.page(query))


@router.get(
    "/pods/{namespace}/{pod}",
    summary="One pod's story",
    responses={
        **answer_of(PodDetailOut, "The pod."),
        **problems(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.BAD_GATEWAY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    },
)
async def describe_pod(request: Request, namespace: str, pod: str) -> Response:
    """Return what was forecast for a pod, what happened, why, and what to do."""
    named = PodRef(check_name("namespace", namespace), check_name("pod", pod))
    state = state_of(request)
    return _json(await to_thread.run_sync(state.fleet.pod, named, limiter=state.scoring))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

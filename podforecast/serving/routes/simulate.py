"""GET /simulate/{count}: clusters to order, for demos and for tests of scale."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from podforecast.api_schema.simulate import SimulationOut
from podforecast.serving.documentation import answer_of, problems
from podforecast.serving.parameters import Parameter, read_parameters, whole
from podforecast.serving.simulation.simulator import MAX_SEED
from podforecast.serving.state import state_of
from podforecast.telemetry.simulator.fleet import MOST_CLUSTERS

router = APIRouter(tags=["simulation"])

COUNT = Parameter(
    name="count",
    schema={"type": "integer", "minimum": 1, "maximum": MOST_CLUSTERS},
    meaning="How many clusters.",
    read=whole(
        1,
        MOST_CLUSTERS,
        beyond=f"Send a number from 1 to {MOST_CLUSTERS}; for more, send several requests.",
    ),
)
SEED = Parameter(
    name="seed",
    schema={"type": "integer", "minimum": 0, "maximum": MAX_SEED},
    meaning="The same seed and count give the same clusters again. One is drawn where none is"
    " sent; the answer tells it.",
    read=whole(0, MAX_SEED, beyond=f"Send a number from 0 to {MAX_SEED}, or none."),
)
_IN_THE_PATH = {**COUNT.document(), "in": "path", "required": True}


@router.get(
    "/simulate/{count}",
    summary="Order simulated clusters",
    openapi_extra={"parameters": [_IN_THE_PATH, SEED.document()]},
    responses={
        **answer_of(SimulationOut, "The clusters, and what the model says about each."),
        **problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
    },
)
async def simulate_clusters(request: Request) -> Response:
    """Return simulated clusters of six pods each, forecast by the model that answers now.

    They are made up: half an hour of telemetry of healthy workloads (some collect garbage, fill
    caches or run batches, which looks like trouble) and, in about a third of the clusters, one pod
    with one of four kinds of trouble; `truth` says which. They are for demos and tests of scale,
    and say nothing about how good the model is.

    A thousand take seconds. One order is worked on at a time.
    """
    sent = [("count", request.path_params["count"]), *request.query_params.multi_items()]
    asked = read_parameters(sent, (COUNT, SEED))
    state = state_of(request)
    body = await state.simulator.answer(
        asked["count"], seed=asked.get("seed"), model=state.slot.model()
    )
    return Response(body, media_type="application/json")

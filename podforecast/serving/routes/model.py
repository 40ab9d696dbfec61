"""The model that answers: where it comes from, and how good it was in training."""

from __future__ import annotations

from http import HTTPStatus

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request

from podforecast.api_schema.curves import CurvesOut
from podforecast.api_schema.model import ModelOut, ReloadOut, TrainedModelOut
from podforecast.serving.documentation import problems
from podforecast.serving.live import live_of
from podforecast.serving.metrics import ReloadResult
from podforecast.serving.model_slot import Swap
from podforecast.serving.refusals import ReloadUnderWay
from podforecast.serving.state import ServiceState, state_of

router = APIRouter(tags=["model"])


@router.get("/model", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def describe_model(request: Request) -> ModelOut:
    """Describe the model that answers: its data, its rivals, its threshold and what it buys.

    Where the service watches a fleet, `live` says how its forecasts have turned out: each is
    graded when its horizon has passed.
    """
    state = state_of(request)
    trained = TrainedModelOut.model_validate(state.slot.model().manifest)
    live = None if state.historian is None else live_of(state.historian, trained.model_version)
    return ModelOut(**dict(trained), live=live)


@router.get(
    "/model/curves", responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
)
async def curves(request: Request) -> CurvesOut:
    """Draw how good the model was in cross-validation: on rows it had not seen, of its own data."""
    loaded = state_of(request).slot.loaded()
    version = loaded.scorer.manifest.model_version
    return CurvesOut(model_version=version, **loaded.curves().model_dump(exclude={"format"}))


@router.post("/model/reload", responses=problems(HTTPStatus.CONFLICT))
async def reload_model(request: Request) -> ReloadOut:
    """Read the model's folder again, try what is in it, and swap it in.

    Requests are answered meanwhile, each by one model from beginning to end. Where the folder has
    no model that can be used, the one before keeps answering. There is no body to send.
    """
    state = state_of(request)
    swap = await _reloaded(state)
    state.metrics.serves(swap.now.version, swap.now.scorer.manifest.algorithm)
    return ReloadOut(
        model_version=swap.now.version,
        previous_model_version=swap.version_before,
        path=swap.now.scorer.path,
    )


async def _reloaded(state: ServiceState) -> Swap:
    result = ReloadResult.FAILED
    try:
        # In a thread, since it takes as long as a start; requests go on.
        swap = await to_thread.run_sync(state.slot.reload)
        result = ReloadResult.SWAPPED
    except ReloadUnderWay:
        result = ReloadResult.BUSY
        raise
    finally:
        state.metrics.reloads.labels(result).inc()
    return swap

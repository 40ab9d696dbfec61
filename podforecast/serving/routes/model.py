"""The model that answers: where it comes from, and how good it was in training."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request

from podforecast.api_schema.curves import CurvesOut
from podforecast.api_schema.model import ModelOut
from podforecast.serving.documentation import problems
from podforecast.serving.state import state_of

router = APIRouter(tags=["model"])


@router.get("/model", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def describe_model(request: Request) -> ModelOut:
    """Describe the model that answers: its data, its rivals, its threshold and what it buys."""
    return ModelOut.model_validate(state_of(request).slot.model().manifest)


@router.get(
    "/model/curves", responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
)
async def curves(request: Request) -> CurvesOut:
    """Draw how good the model was in cross-validation: on rows it had not seen, of its own data."""
    loaded = state_of(request).slot.loaded()
    version = loaded.scorer.manifest.model_version
    return CurvesOut(model_version=version, **loaded.curves().model_dump(exclude={"format"}))

"""POST /predict: one pod, as its client measured it or as the latest scan did.

The route takes the bare request: the body is validated once, straight from its bytes, and the
answer is written as bytes. What FastAPI would otherwise derive, OpenAPI and 422 answers, comes
from :mod:`podforecast.serving.documentation` and :mod:`podforecast.serving.refusals`.
"""

from __future__ import annotations

from http import HTTPStatus

import orjson
from anyio import to_thread
from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from podforecast.api_schema.predict import (
    ExplainedResponse,
    PodMeasurements,
    PredictRequest,
    PredictResponse,
)
from podforecast.api_schema.watched_pod import (
    ExplainedWatchedPodResponse,
    PodNamed,
    WatchedPodResponse,
)
from podforecast.domain.forecast import predict, risk_level
from podforecast.domain.pods import PodRef
from podforecast.errors import ModelRefused
from podforecast.explain.addresses import PodAddress
from podforecast.model.scorer import Scorer
from podforecast.serving.bodies import read_body
from podforecast.serving.documentation import any_of, problems, requests_of
from podforecast.serving.explaining import explain
from podforecast.serving.outlook import targets_ahead
from podforecast.serving.plain_route import JsonBytes, PlainRoute
from podforecast.serving.queries import flag, flag_of
from podforecast.serving.refusals import refusal
from podforecast.serving.state import ServiceState, state_of

router = APIRouter(tags=["forecasts"], route_class=PlainRoute)


@router.post(
    "/predict",
    summary="Forecast one pod",
    openapi_extra={
        **requests_of(PredictRequest, PodNamed),
        **flag_of("explain", "Whether to say why, and what to do."),
    },
    responses={
        **any_of(
            PredictResponse,
            ExplainedResponse,
            WatchedPodResponse,
            ExplainedWatchedPodResponse,
            description="The forecast; explained, where asked for. With what was measured, where"
            " the pod was named.",
        ),
        **problems(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.BAD_GATEWAY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    },
)
async def predict_pod(request: Request) -> Response:
    """Return the probability that a failure of the pod begins within the horizon.

    Send the required fields, and any optional one that was measured; an optional field that is
    null or left out is unknown to the model, which is not the same as 0.

    Or name a pod that is watched, by `pod_name` and `namespace`: it is forecast from what the
    latest scan measured, which the answer has too. Asking triggers no scan.

    With `?explain=true` the answer has its reasons and what to do about it as well; that takes
    the service some milliseconds longer.
    """
    explained = flag(request, "explain")
    state = state_of(request)
    pod = _validated(await read_body(request))
    if isinstance(pod, PodNamed):
        return await _watched(pod, state, explained=explained)
    model = state.slot.model()
    probability = await _scored(pod, model, state)
    prediction = predict(probability, model.threshold)
    state.metrics.forecast(probability, prediction)
    answer = {
        "input": pod.as_sent(),
        "failure_probability": probability,
        "prediction": prediction,
        "risk_level": risk_level(probability, model.threshold),
        "threshold": model.threshold,
        "horizon_minutes": model.manifest.horizon_minutes,
        "model_version": model.manifest.model_version,
    }
    if explained:
        answer |= await _explained(pod, probability, model, state)
    return JsonBytes(orjson.dumps(answer))


def _validated(body: bytes) -> PodMeasurements | PodNamed:
    try:
        return PredictRequest.model_validate_json(body)
    except ValidationError as error:
        if _only_names(body):
            return _named(body)
        raise refusal(error) from error


def _only_names(body: bytes) -> bool:
    """Whether a pod is named and not one field is measured; looked at only where that failed."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return (
        isinstance(sent, dict)
        and "pod_name" in sent
        and PredictRequest.model_fields.keys().isdisjoint(sent)
    )


def _named(body: bytes) -> PodNamed:
    try:
        return PodNamed.model_validate_json(body)
    except ValidationError as error:
        raise refusal(error) from error


async def _watched(named: PodNamed, state: ServiceState, *, explained: bool) -> Response:
    pod = PodRef(named.namespace, named.pod_name)
    found = await to_thread.run_sync(
        lambda: state.fleet.forecast(pod, explained=explained), limiter=state.scoring
    )
    if found.probability is not None and found.prediction is not None:
        state.metrics.forecast(found.probability, found.prediction)
    return Response(found.body, media_type="application/json")


async def _explained(
    pod: PodMeasurements, probability: float, model: Scorer, state: ServiceState
) -> dict[str, object]:
    row, address = pod.row()[0], PodAddress.parse(pod.pod_id)
    return await to_thread.run_sync(
        lambda: targets_ahead(model, row, probability) | explain(model, row, probability, address),
        limiter=state.scoring,
    )


async def _scored(pod: PodMeasurements, model: Scorer, state: ServiceState) -> float:
    if model.is_quick:
        probability = float(model.score(pod.row())[0])
    else:
        # In a thread: a pipeline takes many milliseconds, during which probes must be answered.
        scores = await to_thread.run_sync(model.score, pod.row(), limiter=state.scoring)
        probability = float(scores[0])
    if not 0.0 <= probability <= 1.0:
        raise ModelRefused(
            f"the model answered {probability!r}, which is no probability",
            hint="Train it again with `python train_model.py`.",
        )
    return probability

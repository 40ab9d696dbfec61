"""Errors as answers: RFC 9457 ``application/problem+json``, and the status of each.

Nothing that only the operator may see gets into an answer: messages of errors that are not
ours stay in the log, under the request id that the answer names.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from podforecast import errors
from podforecast.api_schema.batch import BatchProblem
from podforecast.api_schema.problems import InputProblem, Problem
from podforecast.serving.batch.capacity import Busy
from podforecast.serving.batch.faults import InvalidBatch
from podforecast.serving.batch.formats import NotAcceptable, UnknownFormat
from podforecast.serving.envelope import headers_for, request_id
from podforecast.serving.refusals import (
    BodyTooLarge,
    BodyTooSlow,
    EncodedBody,
    InvalidInput,
    NoPrometheus,
    Overloaded,
    ReloadFailed,
    ReloadUnderWay,
    Unauthorized,
    parameter_refusal,
)

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[errors.PodforecastError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BodyTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    EncodedBody: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    NoPrometheus: HTTPStatus.CONFLICT,
    ReloadUnderWay: HTTPStatus.CONFLICT,
    ReloadFailed: HTTPStatus.CONFLICT,
    UnknownFormat: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ConfigurationError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.TelemetryUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TelemetryRefused: HTTPStatus.BAD_GATEWAY,
    errors.TelemetryMalformed: HTTPStatus.BAD_GATEWAY,
    errors.DataUnusable: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InsufficientData: HTTPStatus.CONFLICT,
    errors.ModelNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ModelRefused: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.CurvesMissing: HTTPStatus.NOT_FOUND,
    errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreRefused: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ChannelFailed: HTTPStatus.BAD_GATEWAY,
    errors.PodNotFound: HTTPStatus.NOT_FOUND,
}

_HEADERS: Mapping[type[errors.PodforecastError], Mapping[str, str]] = {
    Unauthorized: {"www-authenticate": 'Bearer realm="podforecast"'},
    Overloaded: {"retry-after": "1"},
    Busy: {"retry-after": str(Busy.retry_after_seconds)},
    ReloadUnderWay: {"retry-after": "1"},
    # What is still under way of the body must not be taken for the next request.
    BodyTooSlow: {"connection": "close"},
}

_LISTED = "GET / lists what there is; /docs documents it."
_HINTS: Mapping[int, str] = {404: _LISTED, 405: _LISTED}


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PodforecastError)  # noqa: S101 - tells mypy what we registered
    return answer_to(error, request.scope)


async def _malformed(request: Request, error: Exception) -> Response:
    """Answer for what FastAPI refuses by itself: parameters in the path and the query."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - likewise
    return answer_to(parameter_refusal(error.errors()), request.scope)


def answer_to(error: errors.PodforecastError, scope: Scope) -> Response:
    """Answer one of our errors, also from outside of the application's exception handlers."""
    problem = problem_of(error, request_id(scope))
    if isinstance(error, InvalidBatch):
        problem = BatchProblem(**problem.model_dump(), errors=error.cells, total=error.total)
    elif isinstance(error, InvalidInput):
        problem = InputProblem(**problem.model_dump(), errors=error.problems)
    answer = _answer(problem)
    answer.headers.update(_HEADERS.get(type(error), {}))
    return answer


async def _of_the_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - likewise
    status = HTTPStatus(error.status_code)
    problem = Problem(
        type=_urn(status.phrase),
        title=status.phrase,
        status=status,
        detail=f"{request.method} {request.url.path[:200]}: {error.detail}",
        hint=_HINTS.get(status, ""),
        request_id=request_id(request.scope),
    )
    answer = _answer(problem)
    answer.headers.update(error.headers or {})
    return answer


async def _gone(_: Request, __: Exception) -> Response:
    """Nobody reads this; it keeps a caller who hung up out of the log of our mistakes."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _unforeseen(request: Request, _: Exception) -> Response:
    """Answer for a mistake of ours. Starlette raises it again, so that the server logs it."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    problem = Problem(
        type=_urn(status.phrase),
        title=status.phrase,
        status=status,
        detail="the service made a mistake",
        hint="Give the request id to whoever runs this service; its log has the cause.",
        request_id=request_id(request.scope),
    )
    answer = _answer(problem)
    # Starlette sends this one from outside of all middleware.
    answer.raw_headers.extend(headers_for(request.scope))
    return answer


Handler = Callable[[Request, Exception], Awaitable[Response]]
HANDLERS: Mapping[type[Exception], Handler] = {
    errors.PodforecastError: _ours,
    RequestValidationError: _malformed,
    HTTPException: _of_the_framework,
    ClientDisconnect: _gone,
}
"""What answers which kind of error; any other is a mistake of ours."""


def problem_of(error: errors.PodforecastError, request_id: str) -> Problem:
    """Word one of our errors for a client."""
    title = re.sub("(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).capitalize()
    return Problem(
        type=_urn(title),
        title=title,
        status=status_of(error),
        detail=error.message,
        hint=error.hint,
        request_id=request_id,
    )


def status_of(error: errors.PodforecastError) -> HTTPStatus:
    """Return the status of the error's class, or of the nearest above it.

    >>> status_of(errors.ModelNotReady("no model"))
    <HTTPStatus.SERVICE_UNAVAILABLE: 503>
    """
    known = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return next(known, HTTPStatus.INTERNAL_SERVER_ERROR)


def _urn(title: str) -> str:
    return f"urn:podforecast:problem:{title.lower().replace(' ', '-')}"


def _answer(problem: Problem) -> Response:
    return Response(problem.model_dump_json(), status_code=problem.status, media_type=MEDIA_TYPE)

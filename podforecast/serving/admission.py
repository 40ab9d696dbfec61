"""Who gets in: callers with a key, as long as there is room. Decided before a body is read.

Pure ASGI, and an ordinary function: a request that gets in pays for no coroutine of ours.
"""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from podforecast.errors import PodforecastError
from podforecast.serving.api_keys import ApiKeys, shown_keys
from podforecast.serving.problems import answer_to
from podforecast.serving.refusals import Overloaded, Unauthorized
from podforecast.serving.state import ServiceState

PROBES = frozenset({"/livez", "/readyz"})
"""Open and always answered: the node that asks has no key, and restarts what is silent."""

ALWAYS_ANSWERED = PROBES | {"/metrics"}
"""Whoever looks into an overload has to see it."""

WAY_IN = "Send it as `Authorization: Bearer KEY` or as `X-API-Key: KEY`."


class Admission:
    """Turns away requests without a key, where keys are set, and those that are too many."""

    def __init__(self, app: ASGIApp, *, state: ServiceState) -> None:
        self._app = app
        self._keys = ApiKeys(state.options.api_keys) if state.options.api_keys else None
        self._occupancy = state.occupancy
        self._max_in_flight = state.options.max_in_flight

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            return self._app(scope, receive, send)
        return answer_to(refusal, scope)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PodforecastError | None:
        if self._keys is not None and scope["path"] not in PROBES:
            headers = scope["headers"]
            if not self._keys.accept(headers):
                return _unauthorized(anything_shown=any(True for _ in shown_keys(headers)))
        if self._occupancy.in_flight > self._max_in_flight and scope["path"] not in ALWAYS_ANSWERED:
            return Overloaded(
                f"{self._max_in_flight} requests are being answered already",
                hint="Try again in a moment.",
            )
        return None


def _unauthorized(*, anything_shown: bool) -> Unauthorized:
    if anything_shown:
        return Unauthorized("this is not a key of this service", hint=WAY_IN)
    return Unauthorized("this service asks for an API key", hint=WAY_IN)

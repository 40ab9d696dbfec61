"""Routes that read their requests and write their answers themselves."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class PlainRoute(APIRoute):
    """An endpoint that takes the bare request and gives a whole response.

    FastAPI would look for parameters and dependencies at every request, a third of what a forecast
    costs; such an endpoint has none. It is documented like any other.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return cast("Callable[[Request], Coroutine[Any, Any, Response]]", self.endpoint)

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


class JsonBytes(Response):
    """JSON that is written already, answered with 200; its two headers are written at once."""

    media_type = "application/json"

    def __init__(self, body: bytes) -> None:
        self.status_code = 200
        self.body = body
        self.background = None
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
        ]

"""Headers of every answer: an id to find it by, and what browsers must not do with it.

Pure ASGI: Starlette's ``BaseHTTPMiddleware`` would cost more than the rest of a request.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]

REQUEST_ID = b"x-request-id"
_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
"""What a proxy in front may send; anything else could forge lines in a log."""

DOCS = "/docs"
_NOTHING = b"default-src 'none'; frame-ancestors 'none'"
# The documentation page is FastAPI's own: a script in the page that loads Swagger from there.
_SWAGGER = (
    b"default-src 'none'; frame-ancestors 'none'; connect-src 'self'; "
    b"img-src data: https://fastapi.tiangolo.com; "
    b"script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net"
)
_FIXED: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)


def random_id() -> str:
    return uuid.uuid4().hex


def headers_for(scope: Scope) -> Iterable[Header]:
    """Headers that an answer to this request gets on top of its own."""
    policy = _SWAGGER if scope["path"] == DOCS else _NOTHING
    return (
        (REQUEST_ID, request_id(scope).encode()),
        (b"content-security-policy", policy),
        *_FIXED,
    )


def request_id(scope: Scope) -> str:
    """Id of the request; empty where :class:`Envelope` has not seen it."""
    found: str = scope.get("state", {}).get("request_id", "")
    return found


class Envelope:
    """Give each request an id, its caller's where that is harmless, and each answer its headers."""

    def __init__(self, app: ASGIApp, *, new_id: Callable[[], str] = random_id) -> None:
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = self._id(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers_for(scope)]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == REQUEST_ID and _ACCEPTED_ID.fullmatch(value):
                return str(value, "ascii")
        return self._new_id()

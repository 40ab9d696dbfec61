"""Headers of every answer: an id to find it by, and what browsers must not do with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from starlette.types import Scope

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
    return os.urandom(16).hex()


def headers_for(scope: Scope) -> Iterable[Header]:
    """Headers that an answer to this request gets on top of its own."""
    policy = _SWAGGER if scope["path"] == DOCS else _NOTHING
    return (
        (REQUEST_ID, request_id(scope).encode()),
        (b"content-security-policy", policy),
        *_FIXED,
    )


def request_id(scope: Scope) -> str:
    """Id of the request; empty where the front door has not seen it."""
    found: str = scope.get("state", {}).get("request_id", "")
    return found


def accepted_id(scope: Scope) -> str:
    """Id that the caller gave the request, if there is one that harms nobody."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID and _ACCEPTED_ID.fullmatch(value):
            return str(value, "ascii")
    return ""

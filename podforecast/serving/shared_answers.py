"""What the OpenAPI document says about every route: who may call it, and which refusals it shares.

Keys, overload and slow bodies are seen to before a route is reached, so no route lists them.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from podforecast.serving.admission import ALWAYS_ANSWERED, PROBES

Document = dict[str, Any]

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")
"""Schemas of refusals that FastAPI documents and this service words otherwise."""

_SCHEMES: Document = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "One of the service's API keys."},
    "api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key, for clients that can not set Authorization.",
    },
}


def complete(document: Document, *, secured: bool) -> Document:
    """Add what all routes share to a document whose routes list what is their own."""
    if secured:
        document["components"]["securitySchemes"] = _SCHEMES
    for path, operation in _operations(document):
        shared = _shared(path, operation, secured=secured)
        if secured:
            operation["security"] = [] if path in PROBES else [{name: []} for name in _SCHEMES]
        answers = operation["responses"]
        for status in shared:
            answers.setdefault(
                str(int(status)), {"description": status.phrase, "content": _PROBLEM}
            )
        operation["responses"] = dict(sorted(answers.items()))
    for schema in _OF_FASTAPI:
        document["components"]["schemas"].pop(schema, None)
    return document


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            yield path, operation


def _shared(path: str, operation: Document, *, secured: bool) -> Iterator[HTTPStatus]:
    if secured and path not in PROBES:
        yield HTTPStatus.UNAUTHORIZED
    if "requestBody" in operation:
        yield HTTPStatus.REQUEST_TIMEOUT
    if path not in ALWAYS_ANSWERED:
        yield HTTPStatus.SERVICE_UNAVAILABLE

"""What a Prometheus answers, read into arrays, and each way of failing as an error of ours."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import orjson

from podforecast.domain.telemetry import Array
from podforecast.errors import (
    PodforecastError,
    TelemetryMalformed,
    TelemetryRefused,
    TelemetryUnavailable,
)

log = logging.getLogger(__name__)

SHOWN = 300
"""So much of a server's own words goes into a message."""

TOO_LARGE = ("too many samples", "max number of", "maximum number of", "exceeds", "exceeded")
"""Words of Prometheus, Thanos, Mimir and VictoriaMetrics about a query over their limits."""


class QueryRejected(TelemetryRefused):
    """The query at hand is not answered (400 or 422); another one may be."""


class QueryTooLarge(QueryRejected):
    """The query at hand loads more than the server allows; a part of it may be answered."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer. Infinite values are unknown: NaN."""

    labels: Mapping[str, str]
    times: Array
    """Unix seconds."""
    values: Array


def read_series(body: bytes) -> list[Series]:
    """Read a matrix or a vector.

    Raises
    ------
    QueryRejected
        If the answer says that the query failed.
    TelemetryMalformed
        If it is not an answer of a Prometheus, or an incomplete one.
    """
    data = read_data(body)
    try:
        return [_series(row) for row in data["result"]]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise TelemetryMalformed(
            f"the answer has an unexpected shape: {error!r}"[:SHOWN],
            hint="Check that the address leads to the query API of a Prometheus.",
        ) from error


def read_data(body: bytes) -> Any:  # noqa: ANN401 - JSON, checked by whoever reads it
    """Return the ``data`` of an answer of any kind; errors as in :func:`read_series`."""
    try:
        answer = orjson.loads(body)
        status = answer["status"]
        if status == "success":
            if warnings := answer.get("warnings"):
                log.warning("prometheus warns about an answer first=%s", str(warnings[0])[:SHOWN])
            return answer["data"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise TelemetryMalformed(
            f"expected the JSON of a Prometheus, got {_shown(body)!r} ({len(body)} bytes)",
            hint="Check the address and its path prefix, and what stands in front of Prometheus.",
        ) from error
    raise _rejected(str(answer.get("error", status)))


def _series(row: Mapping[str, Any]) -> Series:
    points = row["values"] if "values" in row else [row["value"]]
    flat = list(itertools.chain.from_iterable(points))
    if len(flat) != 2 * len(points):
        raise ValueError("a point is not a pair")
    values = np.fromiter(map(float, flat[1::2]), np.float64, len(points))
    values[np.isinf(values)] = np.nan
    return Series(row["metric"], np.array(flat[0::2], np.float64), values)


def refusal(response: httpx.Response, body: bytes) -> PodforecastError | None:
    """Say what a status means for the caller; None where the answer can be read."""
    code = response.status_code
    if code == httpx.codes.OK:
        return None
    said = f"Prometheus answered {code}: {_reason(body)}"
    if code in {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}:
        return _rejected(_reason(body), f" with {code}")
    if code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return TelemetryRefused(
            said, hint="Check the user name, token, client certificate and tenant header."
        )
    if code >= 500 or code in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT}:
        return TelemetryUnavailable(said, hint="Try again later; see the server's own log.")
    return TelemetryRefused(said, hint="Check the address and its path prefix.")


def _rejected(reason: str, code: str = "") -> QueryRejected:
    message = f"Prometheus rejected a query{code}: {reason[:SHOWN]}"
    if any(words in reason.lower() for words in TOO_LARGE):
        return QueryTooLarge(message, hint="Raise --query.max-samples, or the tenant's limits.")
    return QueryRejected(message, hint="Check the extra selector; see docs/signals.md.")


def _reason(body: bytes) -> str:
    """The server's words: the error of a JSON answer, else the beginning of the text."""
    try:
        return str(orjson.loads(body)["error"])[:SHOWN]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return _shown(body)


def _shown(body: bytes) -> str:
    return " ".join(body[:SHOWN].decode("utf-8", "replace").split())[:80]

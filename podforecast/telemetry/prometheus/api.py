"""The few calls of the HTTP API of Prometheus that are needed, with pages and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import httpx
import numpy as np

from podforecast.domain.telemetry import Array
from podforecast.errors import PodforecastError, TelemetryMalformed, TelemetryUnavailable
from podforecast.telemetry.prometheus.answers import (
    QueryTooLarge,
    Series,
    read_data,
    read_series,
    refusal,
)
from podforecast.telemetry.prometheus.client import TOTAL

MAX_POINTS = 11_000
"""Prometheus refuses a range query with more points per series."""
MOST_BYTES = 2**31
"""Of one answer: some 70 million points, more than an hour of a pack of 70 000 pods."""
SLOW = (
    "Look at the load of Prometheus, or give each scan more time with PODFORECAST_WATCH__INTERVAL."
)


class QueryApi:
    """Asks by POST: queries of a pack are longer than the URLs some proxies let through.

    Every method raises ``TelemetryUnavailable``, ``TelemetryRefused`` (of which
    ``QueryRejected`` concerns this query only) or ``TelemetryMalformed``.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        left_seconds: Callable[[], float] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._client = client
        self._left_seconds = left_seconds
        self._most_bytes = most_bytes

    def within(self, left_seconds: Callable[[], float]) -> QueryApi:
        """Return the same for a time that several queries share: none outlasts what is left."""
        return QueryApi(self._client, left_seconds=left_seconds, most_bytes=self._most_bytes)

    def over_range(self, query: str, times: Array) -> list[Series]:
        """Evaluate a query at evenly spaced times; a series may come in several pieces."""
        pieces: list[Series] = []
        for first in range(0, len(times), MAX_POINTS):
            pieces += read_series(self.range_body(query, times[first : first + MAX_POINTS]))
        return pieces

    def range_body(self, query: str, times: Array) -> bytes:
        """Evaluate a query at up to ``MAX_POINTS`` evenly spaced times; the answer as it came."""
        step = times[1] - times[0] if len(times) > 1 else 1.0
        fields = {
            "query": query,
            "start": f"{times[0]:.3f}",
            "end": f"{times[-1]:.3f}",
            "step": f"{np.round(step, 3):g}",
        }
        return self._post("api/v1/query_range", fields)

    def at(self, query: str, time: float) -> list[Series]:
        """Evaluate a query at one time; a range vector gives the raw samples of its window."""
        return read_series(self.body_at(query, time))

    def body_at(self, query: str, time: float) -> bytes:
        """Evaluate a query at one time; the answer as it came."""
        return self._post("api/v1/query", {"query": query, "time": f"{time:.3f}"})

    def label_values(self, label: str, match: str, start: float, end: float) -> list[str]:
        """Return the values a label has in the series that match; no sample is loaded."""
        fields = {"match[]": match, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        found = read_data(self._get(f"api/v1/label/{label}/values", fields))
        if not isinstance(found, Sequence) or not all(isinstance(value, str) for value in found):
            raise TelemetryMalformed(f"expected label values, got {str(found)[:80]!r}")
        return list(found)

    def now(self) -> float:
        """What time the server thinks it is, Unix seconds."""
        data = read_data(self._post("api/v1/query", {"query": "time()"}))
        try:
            return float(data["result"][1])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise TelemetryMalformed(f"expected a time, got {str(data)[:80]!r}") from error

    def status(self, page: str) -> Mapping[str, str]:
        """What the server says about itself: ``buildinfo``, ``flags``.

        Thanos, Mimir and VictoriaMetrics have only some of these pages; others are refused.
        """
        found = read_data(self._get(f"api/v1/status/{page}", {}))
        if not isinstance(found, Mapping):
            raise TelemetryMalformed(f"expected facts, got {str(found)[:80]!r}")
        return {str(name): str(value) for name, value in found.items()}

    def _post(self, path: str, fields: Mapping[str, str]) -> bytes:
        return self._send(self._client.build_request("POST", path, data=dict(fields)))

    def _get(self, path: str, fields: Mapping[str, str]) -> bytes:
        return self._send(self._client.build_request("GET", path, params=dict(fields)))

    def _send(self, request: httpx.Request) -> bytes:
        where = f"{request.url.host}:{request.url.port or request.url.scheme}"
        self._bound(request, where)
        try:
            response = self._client.send(request, stream=True)
        except httpx.TransportError as error:
            raise _unavailable(where, error) from error
        try:
            body = self._bounded(response, where)
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            raise TelemetryMalformed(
                f"the answer of {where} broke off: {error}",
                hint="Look at proxies between here and Prometheus, and at its memory.",
            ) from error
        except httpx.TransportError as error:
            raise _unavailable(where, error) from error
        finally:
            response.close()
        if (refused := refusal(response, body)) is not None:
            raise refused
        return body

    def _bounded(self, response: httpx.Response, where: str) -> bytes:
        """Read an answer, unless it would fill the memory: a part of it may be asked for."""
        pieces, length = [], 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            length += len(piece)
            if length > self._most_bytes:
                raise QueryTooLarge(
                    f"the answer of {where} exceeds {self._most_bytes} bytes",
                    hint="Ask for fewer pods with PODFORECAST_PROMETHEUS__SELECTOR.",
                )
        return b"".join(pieces)

    def _bound(self, request: httpx.Request, where: str) -> None:
        """Give a request no more time than its timeout, nor than what is left for all."""
        if self._left_seconds is None:
            return
        left = self._left_seconds()
        if left <= 0.0:
            raise TelemetryUnavailable(
                f"Prometheus at {where} is so slow that the time of the scan is over", hint=SLOW
            )
        timeouts = request.extensions["timeout"]
        request.extensions["timeout"] = {
            name: left if limit is None else min(limit, left) for name, limit in timeouts.items()
        }
        request.extensions[TOTAL] = left


def _unavailable(where: str, error: httpx.TransportError) -> PodforecastError:
    kind = "in time" if isinstance(error, httpx.TimeoutException) else f"({error})"
    return TelemetryUnavailable(
        f"Prometheus at {where} did not answer {kind}",
        hint="Check PODFORECAST_PROMETHEUS__URL, the network policy, and the server's load.",
    )

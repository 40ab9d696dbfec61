"""Asks for packs of signals of a whole fleet, and for less where that is too much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import httpx
import numpy as np

from podforecast.errors import PodforecastError, TelemetryMalformed, TelemetryUnavailable
from podforecast.telemetry.backlog import Want
from podforecast.telemetry.prometheus.answers import QueryRejected, QueryTooLarge, read_data
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.queries import Scope
from podforecast.telemetry.prometheus.threads import in_threads
from podforecast.telemetry.ring import STEP_SECONDS

AT_ONCE = 4
"""Queries in flight. Prometheus evaluates 20 at a time, and other people ask it too."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An answer as it came, and to what."""

    want: Want
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What came of a want."""

    want: Want
    pieces: tuple[Piece, ...] = ()
    rejected: dict[str, PodforecastError] = field(default_factory=dict)
    """Signals that the server does not evaluate, not even alone."""
    error: PodforecastError | None = None
    """Why there is no answer at all."""


class BulkQueries:
    """Asks within some scopes; a query that the server rejects is taken apart.

    A pack is taken apart into its signals; samples that are too many into halves of the time,
    then of the namespaces. What was not answered for another reason is asked for once more.

    Parameters
    ----------
    namespaces
        Names all there are; asked only where a query has to be taken apart.
    """

    def __init__(
        self, api: QueryApi, scopes: Sequence[Scope], namespaces: Callable[[], Sequence[str]]
    ) -> None:
        self._api = api
        self._scopes = tuple(scopes)
        self._namespaces = namespaces

    def ask_all(self, wants: Sequence[Want]) -> Iterator[Got]:
        """Ask for all, some at a time, and yield what came of each as soon as it has come."""
        return in_threads(self.ask, wants, AT_ONCE)

    def ask(self, want: Want) -> Got:
        """Ask for one; never raises a :class:`PodforecastError`."""
        try:
            pieces = [piece for scope in self._scopes for piece in self._pieces(scope, want)]
        except QueryRejected as error:
            if len(want.signals) > 1:
                return _joined(
                    want, [self.ask(replace(want, signals=(name,))) for name in want.signals]
                )
            return Got(want=want, rejected={want.signals[0]: error})
        except PodforecastError as error:
            return Got(want=want, error=error)
        return Got(want=want, pieces=tuple(pieces))

    def _pieces(self, scope: Scope, want: Want) -> list[Piece]:
        try:
            return [Piece(want, once_more(lambda: self._body(scope, want)))]
        except QueryTooLarge:
            parts = self._halves(scope, want)
            if not parts:
                raise
        return [piece for scope, want in parts for piece in self._pieces(scope, want)]

    def _halves(self, scope: Scope, want: Want) -> list[tuple[Scope, Want]]:
        if len(want) > 1:
            samples = want.samples
            middle = (len(samples) - 1) // 2
            return [
                (scope, replace(want, last=samples[middle])),
                (scope, replace(want, first=samples[middle + 1])),
            ]
        names = scope.namespaces or tuple(self._namespaces())
        half = len(names) // 2
        parts = (names[:half], names[half:]) if half else ()
        return [(scope.within(*part), want) for part in parts]

    def _body(self, scope: Scope, want: Want) -> bytes:
        query = scope.pack(want.signals)
        times = STEP_SECONDS * np.array(want.samples, dtype=np.float64)
        if len(want) == 1:
            body = self._api.body_at(query, times[0])
        else:
            body = self._api.range_body(query, times)
        if not (body.startswith(b'{"status":"success"') and body.rstrip().endswith(b"}")):
            read_data(body)  # says what is wrong, while something can be done about it
        return body


def _joined(want: Want, parts: Sequence[Got]) -> Got:
    return Got(
        want=want,
        pieces=tuple(piece for part in parts for piece in part.pieces),
        rejected={name: error for part in parts for name, error in part.rejected.items()},
        error=next((part.error for part in parts if part.error is not None), None),
    )


T = TypeVar("T")


def once_more(ask: Callable[[], T]) -> T:
    """Ask again where the first answer was lost, but not where it was refused or late."""
    try:
        return ask()
    except (TelemetryUnavailable, TelemetryMalformed) as error:
        if isinstance(error.__cause__, httpx.TimeoutException):
            raise
    return ask()

"""A watcher and its thread, and what the routes ask of them."""

from __future__ import annotations

import difflib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from anyio import to_thread
from prometheus_client import CollectorRegistry

from podforecast.api_schema.fleet import PodState
from podforecast.domain.forecast import Prediction
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import HORIZON
from podforecast.errors import PodNotFound, TelemetryUnavailable
from podforecast.model.scorer import Scorer
from podforecast.serving.explaining import explain_row
from podforecast.serving.fleet.metrics import FleetMetrics
from podforecast.serving.fleet.query import FleetQuery, PredictionQuery
from podforecast.serving.fleet.rows import JSON, FleetRows
from podforecast.serving.fleet.standing import standing
from podforecast.serving.fleet.story import story
from podforecast.serving.fleet.watched_pod import watched_pod
from podforecast.serving.outlook import targets_of_row
from podforecast.watcher.explained import watch_threshold
from podforecast.watcher.follower import Follower
from podforecast.watcher.riskiest import RiskyPod, riskiest
from podforecast.watcher.snapshot import Snapshot
from podforecast.watcher.source import FleetSource
from podforecast.watcher.states import counts
from podforecast.watcher.status import SourceStatus
from podforecast.watcher.thread import WatcherThread
from podforecast.watcher.watcher import FleetWatcher

SOON = "Try again in a few seconds."
COMPARED_NAMES = 1000
"""So many names are looked at for a hint; comparing takes longer than everything else here."""


@dataclass(frozen=True, slots=True)
class WatchedForecast:
    """An answer as it is sent, and what of it is counted."""

    body: bytes
    probability: float | None
    prediction: Prediction | None


class Fleet:
    """The latest scan, as answers.

    Parameters
    ----------
    source
        What is watched; None where nothing is.
    model
        Returns the model that scores; raises where there is none.
    registry
        Where series about scans are collected.
    clock
        Seconds of a clock that never goes back.
    followers
        Shown every scan, in this order.
    """

    def __init__(
        self,
        source: FleetSource | None,
        *,
        model: Callable[[], Scorer],
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
        followers: Sequence[Follower] = (),
    ) -> None:
        self._model = model
        self._rows: FleetRows | None = None
        self._watcher: FleetWatcher | None = None
        if source is not None:
            metrics = FleetMetrics(registry, age_seconds=self._age, count=self._count)
            self._watcher = FleetWatcher(
                source, model=model, clock=clock, report=metrics.scanned, followers=followers
            )
            for follower in followers:
                metrics.follow(follower.name, partial(self._is_failing, follower.name))

    @property
    def watcher(self) -> FleetWatcher | None:
        """What scans; None where nothing is watched."""
        return self._watcher

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Scan in a thread of its own, from here to the end of the block."""
        if self._watcher is None:
            yield
            return
        thread = WatcherThread(self._watcher)
        thread.start()
        try:
            yield
        finally:
            await to_thread.run_sync(thread.stop)

    def page(self, query: FleetQuery) -> bytes:
        """Answer ``GET /pods``.

        Raises
        ------
        ModelNotReady, ModelRefused
            If there is no model, hence no scan.
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            If there never was a scan, with the reason.
        """
        watcher = self._required()
        rows = self._latest_rows(watcher)
        chosen = [] if rows is None else rows.chosen(query)
        shown = chosen[query.offset : query.offset + query.limit]
        return _written(
            {
                **self._head(watcher, None if rows is None else rows.snapshot),
                "counts": counts(None) if rows is None else rows.counts,
                "namespaces": [] if rows is None else rows.namespaces,
                "total": len(chosen),
                "offset": query.offset,
                "limit": query.limit,
                "pods": [] if rows is None else rows.described(shown),
            }
        )

    def pod(self, pod: PodRef) -> bytes:
        """Answer ``GET /pods/{namespace}/{pod}``; takes milliseconds, not for an event loop.

        Raises
        ------
        PodNotFound
            If the latest scan does not have it.
        ModelNotReady, ModelRefused, TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            As for :meth:`page`; while the first scan is being made, too.
        """
        watcher, rows, row = self._found(pod)
        return _written(
            {
                **self._head(watcher, rows.snapshot),
                "pod": rows.described([row])[0],
                **story(rows.snapshot, pod),
                **_explained(rows, row),
            }
        )

    def predictions(self, query: PredictionQuery) -> bytes:
        """Answer ``GET /prediction``; raises as :meth:`page`."""
        watcher = self._required()
        snapshot = _latest(watcher)
        total, shown = _riskiest(snapshot, query)
        head = self._head(watcher, snapshot)
        return _written(
            {
                **head,
                "watch_threshold": watch_threshold(head["threshold"]),
                "counts": counts(None if snapshot is None else snapshot.present),
                "total": total,
                "limit": query.limit,
                "predictions": [each.document() for each in shown],
            }
        )

    def forecast(self, pod: PodRef, *, explained: bool) -> WatchedForecast:
        """Answer ``POST /predict`` for a pod by its name; not for an event loop.

        Raises
        ------
        InsufficientData
            If too little of the pod is known.
        PodNotFound, ModelNotReady, ModelRefused, TelemetryUnavailable, TelemetryRefused,
        TelemetryMalformed
            As for :meth:`pod`; a scan older than the horizon is none.
        """
        watcher, rows, row = self._found(pod)
        answer = watched_pod(rows, row, watcher.status())
        if explained:
            answer |= _explained(rows, row)
        return WatchedForecast(
            body=_written(answer),
            probability=answer["failure_probability"],
            prediction=answer["prediction"],
        )

    def status(self) -> SourceStatus | None:
        """How what is watched does; None where nothing is."""
        return None if self._watcher is None else self._watcher.status()

    def _found(self, pod: PodRef) -> tuple[FleetWatcher, FleetRows, int]:
        watcher = self._required()
        rows = self._latest_rows(watcher)
        if rows is None:
            self._model()
            raise TelemetryUnavailable("the first scan is being made", hint=SOON)
        row = rows.snapshot.present.index.row(pod)
        if row is None:
            raise PodNotFound(f"the latest scan has no pod {pod}", hint=_way_out(pod, rows))
        return watcher, rows, row

    def _required(self) -> FleetWatcher:
        if self._watcher is None:
            raise TelemetryUnavailable(
                "this service watches no fleet",
                hint="Start it with PODFORECAST_SOURCE=prometheus to watch a cluster, or with"
                " PODFORECAST_SOURCE=replay to replay a recorded campaign.",
            )
        return self._watcher

    def _latest_rows(self, watcher: FleetWatcher) -> FleetRows | None:
        """Rows of the latest snapshot; None while the first scan is being made."""
        snapshot = _latest(watcher)
        if snapshot is None:
            return None
        if self._rows is None or self._rows.snapshot is not snapshot:
            self._rows = FleetRows(snapshot)
        return self._rows

    def _head(self, watcher: FleetWatcher, snapshot: Snapshot | None) -> dict[str, Any]:
        model = self._model() if snapshot is None else snapshot.model
        return {
            "source": standing(watcher.status()),
            "model_version": model.manifest.model_version,
            "threshold": model.threshold,
            "horizon_minutes": HORIZON.total_seconds() / 60.0,
        }

    def _is_failing(self, follower: str) -> bool:
        return self._watcher is not None and follower in self._watcher.status().troubles

    def _age(self) -> float | None:
        return None if self._watcher is None else self._watcher.status().age_seconds

    def _count(self, state: PodState) -> int:
        snapshot = None if self._watcher is None else self._watcher.latest
        return counts(None if snapshot is None else snapshot.present)[state]


def _latest(watcher: FleetWatcher) -> Snapshot | None:
    """Return what the latest scan saw; None while the first one is being made.

    Raises
    ------
    PodforecastError
        Why there is none.
    """
    snapshot, reason = watcher.latest, watcher.reason
    if snapshot is None and reason is not None:
        # Afresh: a raised error collects a traceback, which must not pile up.
        raise type(reason)(reason.message, hint=reason.hint)
    return snapshot


def _riskiest(snapshot: Snapshot | None, query: PredictionQuery) -> tuple[int, list[RiskyPod]]:
    if snapshot is None:
        return 0, []
    return riskiest(snapshot, limit=query.limit, namespaces=query.namespace)


def _explained(rows: FleetRows, row: int) -> dict[str, Any]:
    """Say why, and what to do, with the model that made the forecast."""
    return targets_of_row(rows.snapshot, row) | explain_row(rows.snapshot, row)


def _way_out(pod: PodRef, rows: FleetRows) -> str:
    """Name pods that may have been meant."""
    near = [each for each in rows.pods if each.namespace == pod.namespace] or rows.pods
    elsewhere = [str(each) for each in rows.pods if each.name == pod.name]
    names = [str(each) for each in near[:COMPARED_NAMES]]
    close = elsewhere or difflib.get_close_matches(str(pod), names, n=3)
    if close:
        return f"Did you mean {' or '.join(close[:3])}?"
    return (
        "It may be gone: a pod that is replaced gets a new name. GET /pods lists those there are."
    )


def _written(answer: dict[str, Any]) -> bytes:
    return orjson.dumps(answer, option=JSON)

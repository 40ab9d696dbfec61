"""What the watcher does, as series on ``/metrics``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from podforecast.api_schema.fleet import PodState
from podforecast.watcher.states import STATES

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
RESULTS = ("ok", "failed")


class FleetMetrics:
    """Series about scans.

    Parameters
    ----------
    registry
        Where they are collected.
    age_seconds
        Returns the age of the latest scan; None before the first.
    count
        Returns how many pods are in a state.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        age_seconds: Callable[[], float | None],
        count: Callable[[PodState], int],
    ) -> None:
        self._seconds = Histogram(
            "podforecast_scan_duration_seconds",
            "From reading the source to the snapshot; the first one scans the past too.",
            buckets=SECONDS,
            registry=registry,
        )
        self._scans = Counter(
            "podforecast_scans", "Scans of the fleet.", ("result",), registry=registry
        )
        for result in RESULTS:
            self._scans.labels(result)
        age = Gauge(
            "podforecast_scan_age_seconds",
            "Since the latest scan was made; NaN before the first.",
            registry=registry,
        )
        age.set_function(lambda: math.nan if (found := age_seconds()) is None else found)
        self._failing = Gauge(
            "podforecast_follower_failing",
            "1 while something that is done with scans fails, such as keeping them.",
            ("follower",),
            registry=registry,
        )
        pods = Gauge("podforecast_pods", "Pods of the latest scan.", ("state",), registry=registry)
        for state in STATES:
            pods.labels(state).set_function(partial(count, state))

    def follow(self, name: str, is_failing: Callable[[], float]) -> None:
        """Ask whether a follower of the scans fails when the page is read."""
        self._failing.labels(name).set_function(is_failing)

    def scanned(self, seconds: float, result: str) -> None:
        """Count a scan."""
        self._scans.labels(result).inc()
        self._seconds.observe(seconds)

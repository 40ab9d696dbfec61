"""What the service says about itself on ``/metrics``."""

from __future__ import annotations

import platform
from collections.abc import Callable
from enum import StrEnum

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from podforecast import __version__
from podforecast.domain.forecast import PREDICTIONS, Indices, Prediction
from podforecast.domain.telemetry import Array
from podforecast.serving.distribution import Distribution

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
PROBABILITIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Finer near 0, where most pods of a healthy cluster are."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
"""Label for methods and paths that are not ours: a scanner must not create a series a guess."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class ReloadResult(StrEnum):
    """What came of a wish to reload the model."""

    SWAPPED = "swapped"
    FAILED = "failed"
    BUSY = "busy"


class ServiceMetrics:
    """The series of one application; each has its own registry, so that tests can build many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "podforecast_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "podforecast_http_request_duration_seconds",
            "From the first byte read to the last byte handed to the server.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.probability = Distribution(
            "podforecast_failure_probability",
            "Probabilities answered; a drift shows here before outcomes are known.",
            PROBABILITIES,
        )
        self.registry.register(self.probability)
        self.forecasts = Counter(
            "podforecast_forecasts",
            "Forecasts answered.",
            ("prediction",),
            registry=self.registry,
        )
        self.model = Gauge(
            "podforecast_model_info",
            "1 for the model that answers.",
            ("model_version", "algorithm"),
            registry=self.registry,
        )
        self.reloads = Counter(
            "podforecast_model_reloads",
            "Times the model was to be read again.",
            ("result",),
            registry=self.registry,
        )
        self._ready = Gauge(
            "podforecast_ready", "1 while /readyz answers 200.", registry=self.registry
        )
        self._in_flight = Gauge(
            "podforecast_http_requests_in_flight",
            "Requests without a complete answer, the one for this page included.",
            registry=self.registry,
        )
        self._fast_path = Gauge(
            "podforecast_model_fast_path",
            "1 where the fast path scores, 0 where the pipeline has to, or nothing does.",
            registry=self.registry,
        )
        Gauge(
            "podforecast_build_info",
            "1 for the program that runs.",
            ("version", "python"),
            registry=self.registry,
        ).labels(__version__, platform.python_version()).set(1)
        self._of_request: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._shown: tuple[str, str] | None = None
        self._of_prediction = {one: self.forecasts.labels(one) for one in Prediction}
        for result in ReloadResult:
            self.reloads.labels(result)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count and time one request; method and route are out of a fixed set each."""
        key = method, route, status
        series = self._of_request.get(key)
        if series is None:
            series = self.requests.labels(method, route, str(status)), self.seconds.labels(route)
            self._of_request[key] = series
        counter, histogram = series
        counter.inc()
        histogram.observe(seconds)

    def watch(self, in_flight: Callable[[], float]) -> None:
        """Ask for the number of requests in flight when the page is read, not at each request."""
        self._in_flight.set_function(in_flight)

    def watch_readiness(self, is_ready: Callable[[], float]) -> None:
        """Ask whether the service is ready when the page is read."""
        self._ready.set_function(is_ready)

    def watch_path(self, is_fast: Callable[[], float]) -> None:
        """Ask which path scores when the page is read: a reload may change it."""
        self._fast_path.set_function(is_fast)

    def serves(self, model_version: str, algorithm: str) -> None:
        """Show this model as the one that answers, and no other."""
        model = model_version, algorithm
        self.model.labels(*model).set(1)
        if self._shown not in {None, model}:
            self.model.remove(*self._shown)
        self._shown = model

    def forecast(self, probability: float, prediction: Prediction) -> None:
        self.probability.observe(probability)
        self._of_prediction[prediction].inc()

    def forecast_all(self, probabilities: Array, predictions: Indices) -> None:
        """Count many forecasts; ``predictions`` are places in ``PREDICTIONS``."""
        self.probability.observe_all(probabilities)
        for prediction, count in zip(PREDICTIONS, np.bincount(predictions).tolist(), strict=False):
            self._of_prediction[prediction].inc(count)

    def text(self) -> bytes:
        return generate_latest(self.registry)

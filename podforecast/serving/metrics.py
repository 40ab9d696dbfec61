"""What the service says about itself on ``/metrics``."""

from __future__ import annotations

import time
from collections.abc import Callable

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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        self.ready = Gauge(
            "podforecast_ready", "1 while there is a model to answer with.", registry=self.registry
        )
        for prediction in Prediction:
            self.forecasts.labels(prediction)

    def forecast(self, probability: float, prediction: Prediction) -> None:
        self.probability.observe(probability)
        self.forecasts.labels(prediction).inc()

    def forecast_all(self, probabilities: Array, predictions: Indices) -> None:
        """Count many forecasts; ``predictions`` are places in ``PREDICTIONS``."""
        self.probability.observe_all(probabilities)
        for prediction, count in zip(PREDICTIONS, np.bincount(predictions).tolist(), strict=False):
            self.forecasts.labels(prediction).inc(count)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class MeteredRequests:
    """Count and time every request by route, not by path. Pure ASGI."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: ServiceMetrics,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # What an exception that nobody handles is answered with, outside of this.
        status = 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = self._clock()
        try:
            await self._app(scope, receive, send_and_see)
        finally:
            self._count(scope, status, self._clock() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", OTHER)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)

"""Puts the service together. Tests hand in a scorer of their own."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.cors import CORSMiddleware

from podforecast import __version__
from podforecast.serving import documentation, problems
from podforecast.serving.admission import Admission
from podforecast.serving.express import Express
from podforecast.serving.fleet.alert_metrics import show_alerts
from podforecast.serving.fleet.fleet import Fleet
from podforecast.serving.front_door import FrontDoor
from podforecast.serving.live import LiveMetrics, historian_of
from podforecast.serving.logs import quoted
from podforecast.serving.metrics import ServiceMetrics
from podforecast.serving.model_slot import Load, ModelSlot
from podforecast.serving.options import DEFAULTS, ServiceOptions, is_open_to_others
from podforecast.serving.prometheus_check import PrometheusCheck
from podforecast.serving.readiness import is_ready
from podforecast.serving.routes import (
    batch,
    model,
    pods,
    predict,
    prediction,
    prometheus,
    service,
    simulate,
)
from podforecast.serving.state import ServiceState
from podforecast.watcher.follower import Follower
from podforecast.watcher.source import FleetSource

logger = logging.getLogger(__name__)


FORECASTING = (predict.router, batch.router, model.router, simulate.router)
"""What a watcher alone has no use for."""
WATCHING = (service.router, prediction.router, pods.router, prometheus.router)

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""Otherwise FastAPI looks for OpenTelemetry at every request. Ours are /metrics and the log."""


def create_app(
    model_dir: Path,
    *,
    load: Load,
    options: ServiceOptions = DEFAULTS,
    fleet: FleetSource | None = None,
    followers: Sequence[Follower] = (),
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Build the service; the model is read when it starts, not here.

    Parameters
    ----------
    model_dir
        Folder that ``train_model.py`` wrote.
    load
        Reads that folder; a model it misses or refuses leaves the service running, not ready.
    options
        Who may call it, how much it takes on, what it writes down.
    fleet
        What is watched in the background while the service runs; None watches nothing.
    followers
        Shown every scan, in this order.
    clock
        Seconds of a clock that never goes back, for the age of scans.
    """
    slot, metrics = ModelSlot(load, model_dir), ServiceMetrics()
    watched = Fleet(
        fleet, model=slot.model, registry=metrics.registry, clock=clock, followers=followers
    )
    show_alerts(followers, metrics.registry)
    historian = historian_of(followers)
    state = ServiceState(
        slot=slot,
        metrics=metrics,
        fleet=watched,
        historian=historian,
        prometheus=PrometheusCheck(options.look_at_prometheus, clock=clock),
        options=options,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _warn_if_open(options)
        state.slot.load()
        _name_model(state)
        async with state.fleet.watching():
            yield

    app = FastAPI(
        title="podforecast",
        version=__version__,
        summary="Which pods will fail in the next minutes, and how sure we are.",
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        lifespan=lifespan,
    )
    app.state.service = state
    _publish(state)
    problems.install(app)
    routers = WATCHING if options.headless else (*FORECASTING, *WATCHING)
    for router in routers:
        app.include_router(router)
    # Added first, it is the innermost of what sees every request.
    routes = [route for router in routers for route in router.routes]
    app.add_middleware(Express, routes=routes, handlers=problems.HANDLERS)
    documentation.install(app, secured=bool(options.api_keys))
    _wrap(app, state)
    return app


def _warn_if_open(options: ServiceOptions) -> None:
    if is_open_to_others(options):
        logger.warning(
            "event=open_to_others host=%s hint=%s",
            options.host,
            quoted("Set PODFORECAST_API_KEYS, or see that only those who may can reach this port."),
        )


def _publish(state: ServiceState) -> None:
    state.metrics.watch(lambda: state.occupancy.in_flight)
    state.metrics.watch_readiness(lambda: is_ready(state))
    if state.historian is not None:
        state.metrics.registry.register(LiveMetrics(state.historian))
    state.metrics.watch_path(lambda: state.slot.is_filled and state.slot.model().path == "fast")


def _name_model(state: ServiceState) -> None:
    if state.slot.is_filled:
        manifest = state.slot.model().manifest
        state.metrics.serves(manifest.model_version, manifest.algorithm)


def _wrap(app: FastAPI, state: ServiceState) -> None:
    """Add what sees every request; the last one added is the outermost."""
    app.add_middleware(Admission, state=state)
    if state.options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=state.options.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-api-key", "x-request-id"],
            expose_headers=["retry-after", "x-request-id"],
        )
    app.add_middleware(FrontDoor, state=state)

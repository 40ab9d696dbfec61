"""What the routes share: one object, put together when the application is."""

from __future__ import annotations

from dataclasses import dataclass, field

from anyio import CapacityLimiter
from starlette.requests import Request

from podforecast.serving.batch.capacity import BatchCapacity
from podforecast.serving.fleet.fleet import Fleet
from podforecast.serving.metrics import ServiceMetrics
from podforecast.serving.model_slot import ModelSlot
from podforecast.serving.occupancy import Occupancy
from podforecast.serving.options import DEFAULTS, ServiceOptions
from podforecast.serving.prometheus_check import PrometheusCheck
from podforecast.serving.simulation.simulator import Simulator
from podforecast.watcher.historian import Historian

SCORING_THREADS = 2
"""More would only wait for each other, and for the interpreter lock that answers need too."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    slot: ModelSlot
    metrics: ServiceMetrics
    fleet: Fleet
    historian: Historian | None = None
    """Who grades forecasts; None where nothing is watched."""
    prometheus: PrometheusCheck = field(default_factory=lambda: PrometheusCheck(None))
    options: ServiceOptions = DEFAULTS
    occupancy: Occupancy = field(default_factory=Occupancy)
    batches: BatchCapacity = field(default_factory=BatchCapacity)
    simulator: Simulator = field(default_factory=Simulator)
    scoring: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(SCORING_THREADS))


def state_of(request: Request) -> ServiceState:
    state: ServiceState = request.app.state.service
    return state

"""The catalogue of faults and look-alikes: one row per kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lab.campaign import planners
from lab.campaign.planners import Planner
from lab.node_agent.state import FailureCause

Action = Literal[
    "toggle",
    "kill",
    "node_pressure",
    "bad_rollout",
    "rollout",
    "image_pull_error",
    "scale",
    "lose_node",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A row of the catalogue."""

    name: str
    plan: Planner
    action: Action = "toggle"
    toggle: str = ""
    benign: bool = False
    sudden: bool = False
    cause: FailureCause | None = None
    """How a fault of this kind is expected to end."""


_KINDS = (
    Kind(name="leak_linear", toggle="memory_leak", cause="oom", plan=planners.leak_of("linear")),
    Kind(
        name="leak_accelerating",
        toggle="memory_leak",
        cause="oom",
        plan=planners.leak_of("accelerating"),
    ),
    Kind(name="leak_steps", toggle="memory_leak", cause="oom", plan=planners.leak_of("steps")),
    Kind(
        name="leak_per_request",
        toggle="memory_leak",
        cause="oom",
        plan=planners.leak_of("per_request"),
    ),
    Kind(name="cpu_ramp", toggle="cpu_spike", cause="liveness", plan=planners.cpu_ramp),
    Kind(
        name="connection_leak",
        toggle="connection_leak",
        cause="liveness",
        plan=planners.connection_leak,
    ),
    Kind(
        name="slow_dependency",
        toggle="slow_dependency",
        cause="liveness",
        plan=planners.slow_dependency,
    ),
    Kind(name="error_exit", toggle="error_rate", cause="exit", plan=planners.error_exit),
    Kind(name="node_pressure", action="node_pressure", cause="eviction", plan=planners.grouped),
    Kind(name="crash", toggle="crash", cause="exit", sudden=True, plan=planners.crash),
    Kind(name="outside_kill", action="kill", cause="exit", sudden=True, plan=planners.fixed(0.0)),
    Kind(
        name="deadlock",
        toggle="deadlock",
        cause="liveness",
        sudden=True,
        plan=planners.fixed(planners.LIVENESS_MINUTES),
    ),
    Kind(
        name="sudden_allocation",
        toggle="memory_leak",
        cause="oom",
        sudden=True,
        plan=planners.fixed(0.1, mib_per_minute=planners.INSTANT_MIB_PER_MINUTE, shape="linear"),
    ),
    Kind(
        name="bad_rollout",
        action="bad_rollout",
        cause="exit",
        sudden=True,
        plan=planners.as_long_as(1.0, 4.0),
    ),
    Kind(name="leak_that_stops", toggle="memory_leak", benign=True, plan=planners.leak_that_stops),
    Kind(name="cache_warmup", toggle="cache_warmup", benign=True, plan=planners.cache_warmup),
    Kind(name="gc_sawtooth", toggle="gc_sawtooth", benign=True, plan=planners.gc_sawtooth),
    Kind(name="traffic_burst", toggle="traffic_burst", benign=True, plan=planners.traffic_burst),
    Kind(name="batch_cpu", toggle="batch_cpu", benign=True, plan=planners.batch_cpu),
    Kind(
        name="cpu_ramp_survived", toggle="cpu_spike", benign=True, plan=planners.cpu_ramp_survived
    ),
    Kind(name="high_latency", toggle="high_latency", benign=True, plan=planners.high_latency),
    Kind(name="error_burst", toggle="error_rate", benign=True, plan=planners.error_burst),
    Kind(
        name="slow_dependency_recovers",
        toggle="slow_dependency",
        benign=True,
        plan=planners.slow_dependency_recovers,
    ),
    Kind(
        name="connection_leak_stops",
        toggle="connection_leak",
        benign=True,
        plan=planners.connection_leak_stops,
    ),
    Kind(name="log_noise", toggle="log_noise", benign=True, plan=planners.log_noise),
    Kind(name="rollout", action="rollout", benign=True, plan=planners.fixed(0.0)),
    Kind(name="scale", action="scale", benign=True, plan=planners.scaled),
    Kind(
        name="image_pull_error",
        action="image_pull_error",
        benign=True,
        plan=planners.as_long_as(2.0, 6.0),
    ),
    Kind(name="lost_node", action="lose_node", benign=True, plan=planners.as_long_as(3.0, 5.0)),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}

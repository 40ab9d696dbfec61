"""The catalogue of faults and look-alikes: one row per kind.

A row turns a target (a pod's limits and load) and a wanted time to failure into the parameters of
the demo app's ``/failures`` toggle. A look-alike begins as its fault does, with a slope
drawn from the same distribution, and ends before it does harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

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
Params = dict[str, Any]

IDLE_MIB = 12.0
"""Working set of an idle demo app in its own cgroup, measured."""
ACCELERATION_MINUTES = 10.0
"""An accelerating leak takes twice a linear one's volume in this time; see the demo app."""
EXPECTED_REQUESTS_PER_MINUTE = 30.0
"""What the app divides ``mib_per_minute`` by when the leak is driven by requests."""
IDLE_OPEN_FILES = 17
POOL_SLOTS = 8
STARVING_THREADS = 3
"""Burner threads beside which a container's probes begin to time out, measured."""
FULL_THREADS = 8
LIVENESS_MINUTES = 0.5
"""Three missed probes, ten seconds apart."""
INSTANT_MIB_PER_MINUTE = 6000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a pod of a workload can bear."""

    memory_limit_mib: float
    cpu_limit_cores: float
    max_open_files: int
    requests_per_minute: float

    @property
    def headroom_mib(self) -> float:
        """MiB between an idle app and its limit."""
        return max(4.0, self.memory_limit_mib - IDLE_MIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One drawn instance of a kind.

    For a fault `minutes` is the planned time from onset to failure, for a look-alike the
    time until it is switched off.
    """

    minutes: float
    params: Params = field(default_factory=dict)


Planner = Callable[[Random, Target, float], Plan]


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


def accelerating_rate(volume_mib: float, minutes: float) -> float:
    """Start rate [MiB/min] of an accelerating leak that reaches `volume_mib` after `minutes`.

    >>> accelerating_rate(20.0, 10.0)
    1.0
    """
    return volume_mib / (minutes * (1.0 + minutes / ACCELERATION_MINUTES))


def _leak(rng: Random, target: Target, minutes: float, shape: str) -> Params:
    volume = target.headroom_mib
    if shape == "accelerating":
        return {"mib_per_minute": round(accelerating_rate(volume, minutes), 3), "shape": shape}
    rate = volume / minutes
    if shape == "per_request":
        rate *= EXPECTED_REQUESTS_PER_MINUTE / target.requests_per_minute
        return {"mib_per_minute": round(rate, 3), "shape": "linear", "per_request": True}
    return {"mib_per_minute": round(rate, 3), "shape": shape}


def _leak_of(shape: str) -> Planner:
    def plan(rng: Random, target: Target, minutes: float) -> Plan:
        return Plan(minutes=minutes, params=_leak(rng, target, minutes, shape))

    return plan


def _leak_that_stops(rng: Random, target: Target, minutes: float) -> Plan:
    shape = rng.choice(("linear", "accelerating", "steps", "per_request"))
    level = rng.uniform(0.5, 0.92)
    stop = max(2.0, level * target.memory_limit_mib - IDLE_MIB)
    hold = rng.uniform(1.0, 8.0)
    params = {**_leak(rng, target, minutes, shape), "stop_at_mib": round(stop, 1)}
    return Plan(minutes=minutes * stop / target.headroom_mib + hold, params=params)


def _cache_warmup(rng: Random, target: Target, minutes: float) -> Plan:
    mib = rng.uniform(0.25, 0.85) * target.headroom_mib
    seconds = 60.0 * minutes * mib / target.headroom_mib
    return Plan(
        minutes=seconds / 60.0 + rng.uniform(4.0, 15.0),
        params={"mib": round(mib, 1), "seconds": round(seconds, 1)},
    )


def _gc_sawtooth(rng: Random, target: Target, minutes: float) -> Plan:
    high = rng.uniform(0.7, 0.93) * target.memory_limit_mib - IDLE_MIB
    low = rng.uniform(0.05, 0.4) * high
    return Plan(
        minutes=rng.uniform(8.0, 25.0),
        params={
            "low_mib": round(max(1.0, low), 1),
            "high_mib": round(max(3.0, high), 1),
            "period_seconds": round(60.0 * min(minutes, 12.0), 1),
        },
    )


def _minutes_per_thread(minutes: float) -> float:
    """Pace at which the `STARVING_THREADS`-th thread starts just before the failure.

    The first thread starts at once.
    """
    return (max(minutes, 1.0) - LIVENESS_MINUTES) / (STARVING_THREADS - 1)


def _cpu_ramp(rng: Random, target: Target, minutes: float) -> Plan:
    ramp = _minutes_per_thread(minutes) * (FULL_THREADS - 1)
    return Plan(
        minutes=minutes, params={"threads": FULL_THREADS, "ramp_seconds": round(60.0 * ramp, 1)}
    )


def _cpu_ramp_survived(rng: Random, target: Target, minutes: float) -> Plan:
    """One thread takes the whole quota as the first of a ramp does, and probes still pass.

    Two threads are already too many for a third of the pods.
    """
    return Plan(
        minutes=rng.uniform(0.5, 1.5) * max(2.0, _minutes_per_thread(minutes)),
        params={"threads": 1, "ramp_seconds": 0.0},
    )


def _connection_leak(rng: Random, target: Target, minutes: float) -> Plan:
    rate = (target.max_open_files - IDLE_OPEN_FILES) / minutes
    return Plan(minutes=minutes + LIVENESS_MINUTES, params={"per_minute": round(rate, 2)})


def _connection_leak_stops(rng: Random, target: Target, minutes: float) -> Plan:
    params = _connection_leak(rng, target, minutes).params
    return Plan(minutes=minutes * rng.uniform(0.4, 0.9), params=params)


def _slow_dependency(rng: Random, target: Target, minutes: float) -> Plan:
    """All slots are taken when requests per second times held seconds reach their number."""
    starving_ms = 1000.0 * POOL_SLOTS * 60.0 / target.requests_per_minute
    rate = starving_ms / max(0.5, minutes - LIVENESS_MINUTES)
    return Plan(
        minutes=minutes,
        params={"ms_per_minute": round(rate, 1), "max_ms": round(2.5 * starving_ms)},
    )


def _slow_dependency_recovers(rng: Random, target: Target, minutes: float) -> Plan:
    params = _slow_dependency(rng, target, minutes).params
    return Plan(minutes=minutes * rng.uniform(0.25, 0.6), params=params)


def _errors(rng: Random, minutes: float) -> Params:
    return {"share": round(rng.uniform(0.2, 0.9), 2), "ramp_seconds": round(60.0 * minutes, 1)}


def _error_exit(rng: Random, target: Target, minutes: float) -> Plan:
    params = {**_errors(rng, minutes), "exit_after_seconds": round(60.0 * minutes, 1)}
    return Plan(minutes=minutes, params=params)


def _error_burst(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(minutes=minutes * rng.uniform(0.4, 1.1), params=_errors(rng, minutes))


def _crash(rng: Random, target: Target, minutes: float) -> Plan:
    code = rng.choice((1, 1, 2, 139))
    params: Params = {"signal": 11} if code == 139 else {"exit_code": code}
    return Plan(minutes=0.0, params=params)


def _at_once(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(minutes=0.0)


def _deadlock(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(minutes=LIVENESS_MINUTES)


def _sudden_allocation(rng: Random, target: Target, minutes: float) -> Plan:
    params: Params = {"mib_per_minute": INSTANT_MIB_PER_MINUTE, "shape": "linear"}
    return Plan(minutes=0.1, params=params)


def _traffic_burst(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(minutes=rng.uniform(2, 10), params={"rps": round(rng.uniform(1.5, 5), 1)})


def _batch_cpu(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(minutes=rng.uniform(2, 12), params={"duty": round(rng.uniform(0.2, 0.6), 2)})


def _high_latency(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(
        minutes=rng.uniform(3, 15),
        params={
            "ms": round(rng.uniform(150, 1500)),
            "ramp_seconds": round(rng.choice((0.0, 60.0 * min(minutes, 10.0))), 1),
        },
    )


def _log_noise(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(minutes=rng.uniform(2, 12), params={"per_minute": round(rng.uniform(5, 60))})


def _as_long_as(low: float, high: float) -> Planner:
    def plan(rng: Random, target: Target, minutes: float) -> Plan:
        return Plan(minutes=rng.uniform(low, high))

    return plan


def _grouped(rng: Random, target: Target, minutes: float) -> Plan:
    """Several pods of one node leak together; their rates follow from its free memory."""
    return Plan(minutes=max(minutes, 5.0), params={"pods": rng.randint(3, 4)})


def _scaled(rng: Random, target: Target, minutes: float) -> Plan:
    return Plan(minutes=rng.uniform(5, 25), params={"by": rng.choice((-1, 1, 1, 2))})


_KINDS = (
    Kind(name="leak_linear", toggle="memory_leak", cause="oom", plan=_leak_of("linear")),
    Kind(
        name="leak_accelerating",
        toggle="memory_leak",
        cause="oom",
        plan=_leak_of("accelerating"),
    ),
    Kind(name="leak_steps", toggle="memory_leak", cause="oom", plan=_leak_of("steps")),
    Kind(
        name="leak_per_request",
        toggle="memory_leak",
        cause="oom",
        plan=_leak_of("per_request"),
    ),
    Kind(name="cpu_ramp", toggle="cpu_spike", cause="liveness", plan=_cpu_ramp),
    Kind(
        name="connection_leak",
        toggle="connection_leak",
        cause="liveness",
        plan=_connection_leak,
    ),
    Kind(
        name="slow_dependency",
        toggle="slow_dependency",
        cause="liveness",
        plan=_slow_dependency,
    ),
    Kind(name="error_exit", toggle="error_rate", cause="exit", plan=_error_exit),
    Kind(name="node_pressure", action="node_pressure", cause="eviction", plan=_grouped),
    Kind(name="crash", toggle="crash", cause="exit", sudden=True, plan=_crash),
    Kind(name="outside_kill", action="kill", cause="exit", sudden=True, plan=_at_once),
    Kind(name="deadlock", toggle="deadlock", cause="liveness", sudden=True, plan=_deadlock),
    Kind(
        name="sudden_allocation",
        toggle="memory_leak",
        cause="oom",
        sudden=True,
        plan=_sudden_allocation,
    ),
    Kind(
        name="bad_rollout",
        action="bad_rollout",
        cause="exit",
        sudden=True,
        plan=_as_long_as(1.0, 4.0),
    ),
    Kind(name="leak_that_stops", toggle="memory_leak", benign=True, plan=_leak_that_stops),
    Kind(name="cache_warmup", toggle="cache_warmup", benign=True, plan=_cache_warmup),
    Kind(name="gc_sawtooth", toggle="gc_sawtooth", benign=True, plan=_gc_sawtooth),
    Kind(name="traffic_burst", toggle="traffic_burst", benign=True, plan=_traffic_burst),
    Kind(name="batch_cpu", toggle="batch_cpu", benign=True, plan=_batch_cpu),
    Kind(name="cpu_ramp_survived", toggle="cpu_spike", benign=True, plan=_cpu_ramp_survived),
    Kind(name="high_latency", toggle="high_latency", benign=True, plan=_high_latency),
    Kind(name="error_burst", toggle="error_rate", benign=True, plan=_error_burst),
    Kind(
        name="slow_dependency_recovers",
        toggle="slow_dependency",
        benign=True,
        plan=_slow_dependency_recovers,
    ),
    Kind(
        name="connection_leak_stops",
        toggle="connection_leak",
        benign=True,
        plan=_connection_leak_stops,
    ),
    Kind(name="log_noise", toggle="log_noise", benign=True, plan=_log_noise),
    Kind(name="rollout", action="rollout", benign=True, plan=_at_once),
    Kind(name="scale", action="scale", benign=True, plan=_scaled),
    Kind(
        name="image_pull_error",
        action="image_pull_error",
        benign=True,
        plan=_as_long_as(2.0, 6.0),
    ),
    Kind(name="lost_node", action="lose_node", benign=True, plan=_as_long_as(3.0, 5.0)),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}

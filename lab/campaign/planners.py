"""How each kind of fault and look-alike is drawn: parameters from a target and a wanted time.

A planner turns a target (a pod's limits and load) and a wanted time to failure into the
parameters of the demo app's ``/failures`` toggle. A look-alike begins as its fault does, with
a slope drawn from the same distribution, and ends before it does harm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Draw:
    """What a planner draws from."""

    rng: Random
    target: Target
    minutes: float
    """Wanted time to failure; a look-alike takes its slope from it."""


Planner = Callable[[Draw], Plan]


def accelerating_rate(volume_mib: float, minutes: float) -> float:
    """Start rate [MiB/min] of an accelerating leak that reaches `volume_mib` after `minutes`.

    >>> accelerating_rate(20.0, 10.0)
    1.0
    """
    return volume_mib / (minutes * (1.0 + minutes / ACCELERATION_MINUTES))


def _leak(draw: Draw, shape: str) -> Params:
    volume = draw.target.headroom_mib
    if shape == "accelerating":
        return {"mib_per_minute": round(accelerating_rate(volume, draw.minutes), 3), "shape": shape}
    rate = volume / draw.minutes
    if shape == "per_request":
        rate *= EXPECTED_REQUESTS_PER_MINUTE / draw.target.requests_per_minute
        return {"mib_per_minute": round(rate, 3), "shape": "linear", "per_request": True}
    return {"mib_per_minute": round(rate, 3), "shape": shape}


def leak_of(shape: str) -> Planner:
    def plan(draw: Draw) -> Plan:
        return Plan(minutes=draw.minutes, params=_leak(draw, shape))

    return plan


def leak_that_stops(draw: Draw) -> Plan:
    shape = draw.rng.choice(("linear", "accelerating", "steps", "per_request"))
    level = draw.rng.uniform(0.5, 0.92)
    stop = max(2.0, level * draw.target.memory_limit_mib - IDLE_MIB)
    hold = draw.rng.uniform(1.0, 8.0)
    params = {**_leak(draw, shape), "stop_at_mib": round(stop, 1)}
    return Plan(minutes=draw.minutes * stop / draw.target.headroom_mib + hold, params=params)


def cache_warmup(draw: Draw) -> Plan:
    mib = draw.rng.uniform(0.25, 0.85) * draw.target.headroom_mib
    seconds = 60.0 * draw.minutes * mib / draw.target.headroom_mib
    return Plan(
        minutes=seconds / 60.0 + draw.rng.uniform(4.0, 15.0),
        params={"mib": round(mib, 1), "seconds": round(seconds, 1)},
    )


def gc_sawtooth(draw: Draw) -> Plan:
    high = draw.rng.uniform(0.7, 0.93) * draw.target.memory_limit_mib - IDLE_MIB
    low = draw.rng.uniform(0.05, 0.4) * high
    return Plan(
        minutes=draw.rng.uniform(8.0, 25.0),
        params={
            "low_mib": round(max(1.0, low), 1),
            "high_mib": round(max(3.0, high), 1),
            "period_seconds": round(60.0 * min(draw.minutes, 12.0), 1),
        },
    )


def _minutes_per_thread(minutes: float) -> float:
    """Pace at which the `STARVING_THREADS`-th thread starts just before the failure.

    The first thread starts at once.
    """
    return (max(minutes, 1.0) - LIVENESS_MINUTES) / (STARVING_THREADS - 1)


def cpu_ramp(draw: Draw) -> Plan:
    ramp = _minutes_per_thread(draw.minutes) * (FULL_THREADS - 1)
    return Plan(
        minutes=draw.minutes,
        params={"threads": FULL_THREADS, "ramp_seconds": round(60.0 * ramp, 1)},
    )


def cpu_ramp_survived(draw: Draw) -> Plan:
    """One thread takes the whole quota as the first of a ramp does, and probes still pass.

    Two threads are already too many for a third of the pods.
    """
    return Plan(
        minutes=draw.rng.uniform(0.5, 1.5) * max(2.0, _minutes_per_thread(draw.minutes)),
        params={"threads": 1, "ramp_seconds": 0.0},
    )


def connection_leak(draw: Draw) -> Plan:
    rate = (draw.target.max_open_files - IDLE_OPEN_FILES) / draw.minutes
    return Plan(minutes=draw.minutes + LIVENESS_MINUTES, params={"per_minute": round(rate, 2)})


def connection_leak_stops(draw: Draw) -> Plan:
    params = connection_leak(draw).params
    return Plan(minutes=draw.minutes * draw.rng.uniform(0.4, 0.9), params=params)


def slow_dependency(draw: Draw) -> Plan:
    """All slots are taken when requests per second times held seconds reach their number."""
    starving_ms = 1000.0 * POOL_SLOTS * 60.0 / draw.target.requests_per_minute
    rate = starving_ms / max(0.5, draw.minutes - LIVENESS_MINUTES)
    return Plan(
        minutes=draw.minutes,
        params={"ms_per_minute": round(rate, 1), "max_ms": round(2.5 * starving_ms)},
    )


def slow_dependency_recovers(draw: Draw) -> Plan:
    params = slow_dependency(draw).params
    return Plan(minutes=draw.minutes * draw.rng.uniform(0.25, 0.6), params=params)


def _errors(draw: Draw) -> Params:
    return {
        "share": round(draw.rng.uniform(0.2, 0.9), 2),
        "ramp_seconds": round(60.0 * draw.minutes, 1),
    }


def error_exit(draw: Draw) -> Plan:
    params = {**_errors(draw), "exit_after_seconds": round(60.0 * draw.minutes, 1)}
    return Plan(minutes=draw.minutes, params=params)


def error_burst(draw: Draw) -> Plan:
    return Plan(minutes=draw.minutes * draw.rng.uniform(0.4, 1.1), params=_errors(draw))


def crash(draw: Draw) -> Plan:
    code = draw.rng.choice((1, 1, 2, 139))
    params: Params = {"signal": 11} if code == 139 else {"exit_code": code}
    return Plan(minutes=0.0, params=params)


def fixed(minutes: float, **params: float | str) -> Planner:
    """Return a planner that draws nothing."""

    def plan(_: Draw) -> Plan:
        return Plan(minutes=minutes, params=dict(params))

    return plan


def traffic_burst(draw: Draw) -> Plan:
    return Plan(minutes=draw.rng.uniform(2, 10), params={"rps": round(draw.rng.uniform(1.5, 5), 1)})


def batch_cpu(draw: Draw) -> Plan:
    return Plan(
        minutes=draw.rng.uniform(2, 12), params={"duty": round(draw.rng.uniform(0.2, 0.6), 2)}
    )


def high_latency(draw: Draw) -> Plan:
    return Plan(
        minutes=draw.rng.uniform(3, 15),
        params={
            "ms": round(draw.rng.uniform(150, 1500)),
            "ramp_seconds": round(draw.rng.choice((0.0, 60.0 * min(draw.minutes, 10.0))), 1),
        },
    )


def log_noise(draw: Draw) -> Plan:
    return Plan(
        minutes=draw.rng.uniform(2, 12), params={"per_minute": round(draw.rng.uniform(5, 60))}
    )


def as_long_as(low: float, high: float) -> Planner:
    def plan(draw: Draw) -> Plan:
        return Plan(minutes=draw.rng.uniform(low, high))

    return plan


def grouped(draw: Draw) -> Plan:
    """Several pods of one node leak together; their rates follow from its free memory."""
    return Plan(minutes=max(draw.minutes, 5.0), params={"pods": draw.rng.randint(3, 4)})


def scaled(draw: Draw) -> Plan:
    return Plan(minutes=draw.rng.uniform(5, 25), params={"by": draw.rng.choice((-1, 1, 1, 2))})

"""What a campaign is made of: how often each kind comes, and the shape of the workloads.

A mix is data. Weights of the kinds are relative within their group (gradual faults, sudden
faults, look-alikes); the share of sudden faults is a number of its own because the report
has to state it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Range = tuple[float, float]

GRADUAL: Mapping[str, float] = {
    "leak_linear": 5.0,
    "leak_accelerating": 3.0,
    "leak_steps": 3.0,
    "leak_per_request": 3.0,
    "cpu_ramp": 4.0,
    "connection_leak": 4.0,
    "slow_dependency": 5.0,
    "error_exit": 4.0,
}
SUDDEN: Mapping[str, float] = {
    "crash": 4.0,
    "outside_kill": 2.5,
    "deadlock": 2.5,
    "sudden_allocation": 2.0,
}
LOOKALIKES: Mapping[str, float] = {
    "leak_that_stops": 7.0,
    "cache_warmup": 3.0,
    "gc_sawtooth": 2.5,
    "traffic_burst": 3.0,
    "batch_cpu": 2.5,
    "cpu_ramp_survived": 4.0,
    "high_latency": 2.5,
    "error_burst": 4.0,
    "slow_dependency_recovers": 4.0,
    "connection_leak_stops": 4.0,
    "log_noise": 2.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Weights of the kinds and ranges of the workload shapes of one campaign."""

    gradual: Mapping[str, float] = field(default_factory=lambda: GRADUAL)
    sudden: Mapping[str, float] = field(default_factory=lambda: SUDDEN)
    lookalikes: Mapping[str, float] = field(default_factory=lambda: LOOKALIKES)
    sudden_share: float = 0.34
    memory_limit_mib: Range = (48, 160)
    cpu_limit_cores: Range = (0.035, 0.07)
    max_open_files: Range = (128, 512)
    work_ms: Range = (1, 3)
    requests_per_second: Range = (0.15, 0.6)
    node_pressure_groups: tuple[int, int] = (2, 4)
    bad_rollouts: tuple[int, int] = (1, 3)


MIXES: Mapping[str, Mix] = {
    "balanced": Mix(),
    "memory-heavy": Mix(
        gradual={
            **GRADUAL,
            "leak_linear": 8.0,
            "leak_accelerating": 6.0,
            "leak_steps": 6.0,
            "leak_per_request": 5.0,
        },
        sudden={**SUDDEN, "sudden_allocation": 3.5},
        lookalikes={
            **LOOKALIKES,
            "leak_that_stops": 12.0,
            "cache_warmup": 5.0,
            "gc_sawtooth": 4.5,
        },
        memory_limit_mib=(40, 128),
        node_pressure_groups=(3, 4),
    ),
    "latency-heavy": Mix(
        gradual={
            **GRADUAL,
            "slow_dependency": 9.0,
            "cpu_ramp": 6.0,
            "error_exit": 7.0,
            "connection_leak": 6.0,
        },
        sudden={**SUDDEN, "deadlock": 4.0},
        lookalikes={
            **LOOKALIKES,
            "high_latency": 5.0,
            "slow_dependency_recovers": 8.0,
            "cpu_ramp_survived": 7.0,
            "error_burst": 7.0,
            "traffic_burst": 5.0,
        },
        memory_limit_mib=(64, 192),
        requests_per_second=(0.25, 0.7),
        node_pressure_groups=(2, 3),
    ),
}

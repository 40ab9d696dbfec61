"""What Prometheus would see of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from podforecast.domain.pods import PodStatus
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import Array
from podforecast.telemetry.simulator.nodes import Nodes
from podforecast.telemetry.simulator.plan import FleetPlan

READY_BELOW = 0.3
"""A container whose share of errors is above is taken out of its service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How all pods do at one moment, (n_pods,) each. Shares are of limits, and in [0, 1]."""

    up: Mask
    age_minutes: Array
    load: Array
    """Of the usual one."""
    cpu: Array
    throttled: Array
    memory: Array
    latency_ms: Array
    errors: Array
    """Share of the answers."""
    descriptors: Array
    drops: Array
    """Packets per second."""


@dataclass(slots=True, kw_only=True)
class Kept:
    """What outlives a container: counters, and how the last one ended; (n_pods,) each."""

    restarts: Array
    last_end: Array
    """Code of the signal ``last_termination_code``."""
    liveness_failures: Array
    readiness_failures: Array

    @classmethod
    def at_the_start(cls, n_pods: int) -> Kept:
        return cls(
            restarts=np.zeros(n_pods),
            last_end=np.zeros(n_pods),
            liveness_failures=np.zeros(n_pods),
            readiness_failures=np.zeros(n_pods),
        )


def signals_of(
    sample: Sample, kept: Kept, plan: FleetPlan, nodes: Nodes, *, rng: np.random.Generator
) -> Mapping[str, Array]:
    """Return the signals; what the container would tell is unknown while it is down."""
    of_container = _of_container(sample, plan, rng)
    known = {name: np.where(sample.up, values, np.nan) for name, values in of_container.items()}
    return {**known, **_of_the_cluster(sample, kept), **_of_the_node(plan, nodes)}


def _of_container(sample: Sample, plan: FleetPlan, rng: np.random.Generator) -> Mapping[str, Array]:
    served = plan.requests * sample.load
    failed = served * sample.errors
    sent = served * 2e3 * rng.lognormal(0.0, 0.05, len(served))
    return {
        "cpu_usage_ratio": sample.cpu,
        "cpu_throttled_ratio": sample.throttled,
        "memory_usage_ratio": sample.memory,
        "memory_working_set_bytes": sample.memory * plan.limit_bytes,
        "container_age_minutes": sample.age_minutes,
        "request_rate": served,
        "server_error_rate": failed,
        "latency_p95_ms": 2.2 * sample.latency_ms,
        "latency_mean_ms": sample.latency_ms,
        "error_log_lines_per_min": 60.0 * failed,
        "scrape_seconds": 0.004 + sample.latency_ms / 1e4,
        "open_fds_ratio": sample.descriptors,
        "network_receive_bytes_per_s": sent,
        "network_transmit_bytes_per_s": 3.0 * sent,
        "network_drops_per_s": sample.drops,
    }


def _of_the_cluster(sample: Sample, kept: Kept) -> Mapping[str, Array]:
    """What kube-state-metrics and the kubelet go on telling."""
    waiting = np.where(
        kept.restarts > 2, PodStatus.CRASH_LOOP_BACK_OFF.code, PodStatus.CONTAINER_CREATING.code
    )
    return {
        "restarts": kept.restarts.copy(),
        "restart_count_24h": kept.restarts.copy(),
        "workload_failures_7d": kept.restarts.copy(),
        "status_code": np.where(sample.up, float(PodStatus.RUNNING.code), waiting),
        "last_termination_code": kept.last_end.copy(),
        "containers_ready_ratio": np.where(sample.up & (sample.errors <= READY_BELOW), 1.0, 0.0),
        "liveness_failures": kept.liveness_failures.copy(),
        "readiness_failures": kept.readiness_failures.copy(),
        "scrape_up": sample.up.astype(np.float64),
    }


def _of_the_node(plan: FleetPlan, nodes: Nodes) -> Mapping[str, Array]:
    node = plan.nodes.of_pod
    return {
        "node_cpu_ratio": nodes.cpu[node],
        "node_memory_ratio": nodes.memory[node],
        "node_disk_ratio": plan.nodes.disk[node],
        "node_pressure_score": nodes.pressure[node],
    }

"""The signals: raw time series per pod that sources deliver and features are computed from.

A source delivers any subset; a signal it does not have is simply absent from the block, and
a sample it does not have is NaN. How each is read from Prometheus stands beside its PromQL in
:mod:`podforecast.telemetry.prometheus`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "code"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One raw time series per pod."""

    name: str
    kind: Kind
    unit: str
    meaning: str


SIGNALS: tuple[Signal, ...] = (
    Signal(
        "cpu_usage_ratio",
        "gauge",
        "1",
        "CPU use of the worst container as a share of its limit (1-minute rate);"
        " of the node where there is no limit",
    ),
    Signal(
        "cpu_throttled_ratio",
        "gauge",
        "1",
        "Share of CFS periods in which the worst container was throttled (1-minute rate)",
    ),
    Signal(
        "memory_usage_ratio",
        "gauge",
        "1",
        "Working set of the worst container as a share of its limit;"
        " of the node where there is no limit",
    ),
    Signal("memory_working_set_bytes", "gauge", "bytes", "Working set of all containers"),
    Signal(
        "memory_limit_bytes",
        "gauge",
        "bytes",
        "Memory limit of all containers; absent where one has none",
    ),
    Signal(
        "restarts", "counter", "count", "Container restarts of this pod (uid) since it was created"
    ),
    Signal("restart_count_24h", "gauge", "count", "Container restarts in the last 24 hours"),
    Signal(
        "workload_failures_7d",
        "gauge",
        "count",
        "Container restarts of all pods of the workload in 7 days",
    ),
    Signal(
        "replicas_desired", "gauge", "count", "Desired replicas of the workload; 1 for a bare pod"
    ),
    Signal(
        "autoscaler_direction",
        "code",
        "-1/0/1",
        "Sign of the change of the HPA's desired replicas over 10 minutes",
    ),
    Signal(
        "node_pressure_score",
        "gauge",
        "0-1",
        "Worst of the node's conditions, memory, disk and PSI",
    ),
    Signal("node_cpu_ratio", "gauge", "1", "Busy share of the node's CPU"),
    Signal("node_memory_ratio", "gauge", "1", "Used share of the node's memory"),
    Signal("node_disk_ratio", "gauge", "1", "Used share of the node's root file system"),
    Signal("revision_age_hours", "gauge", "h", "Time since the workload's current revision began"),
    Signal(
        "container_age_minutes",
        "gauge",
        "min",
        "Time since the youngest container of the pod started",
    ),
    Signal("request_rate", "gauge", "1/s", "Requests served per second (1-minute rate)"),
    Signal("server_error_rate", "gauge", "1/s", "5xx answers per second (1-minute rate)"),
    Signal("latency_p95_ms", "gauge", "ms", "95th percentile of the response time over 3 minutes"),
    Signal("latency_mean_ms", "gauge", "ms", "Mean response time (1-minute rate)"),
    Signal(
        "error_log_lines_per_min",
        "gauge",
        "1/min",
        "Error-level log lines per minute (1-minute rate)",
    ),
    Signal("liveness_failures", "counter", "count", "Failed liveness probes"),
    Signal("readiness_failures", "counter", "count", "Failed readiness probes"),
    Signal("containers_ready_ratio", "gauge", "1", "Ready containers / all containers"),
    Signal(
        "scrape_up",
        "gauge",
        "0/1",
        "1 where the pod's own metrics endpoint answered the last scrape",
    ),
    Signal(
        "scrape_seconds",
        "gauge",
        "s",
        "How long the last scrape of the pod's own metrics endpoint took",
    ),
    Signal(
        "open_fds_ratio", "gauge", "1", "Open file descriptors as a share of the process's limit"
    ),
    Signal("status_code", "code", "0-6", "PodStatus code, see podforecast.domain.pods"),
    Signal(
        "last_termination_code",
        "code",
        "0-3",
        "Last termination reason: 0 none, 1 Completed, 2 Error, 3 OOMKilled",
    ),
    Signal(
        "network_receive_bytes_per_s",
        "gauge",
        "bytes/s",
        "Received by the pod's own network namespace",
    ),
    Signal(
        "network_transmit_bytes_per_s",
        "gauge",
        "bytes/s",
        "Sent by the pod's own network namespace",
    ),
    Signal("network_drops_per_s", "gauge", "1/s", "Packets dropped in both directions"),
    Signal("disk_usage_ratio", "gauge", "1", "Fullest of the pod's file systems and volume claims"),
)
SIGNAL_NAMES: tuple[str, ...] = tuple(signal.name for signal in SIGNALS)

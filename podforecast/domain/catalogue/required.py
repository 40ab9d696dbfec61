"""The twelve features that every request has: the fields of ``example.json`` without the name."""

from __future__ import annotations

from podforecast.domain.catalogue.feature import PERCENT_MAX, Feature, required

AUTOSCALER_ACTIONS = ("none", "scale_up", "scale_down")

REQUIRED: tuple[Feature, ...] = (
    required(
        "cpu_usage_pct",
        "% of limit",
        20.0,
        (0.0, 150.0),
        "CPU use of the worst container, mean of the window.",
        "cpu_usage_ratio",
        high=PERCENT_MAX,
    ),
    required(
        "memory_usage_pct",
        "% of limit",
        40.0,
        (0.0, 100.0),
        "Working set of the worst container, last sample of the window.",
        "memory_usage_ratio",
        high=PERCENT_MAX,
        monotone=True,
    ),
    required(
        "memory_leak_rate",
        "share of the limit per hour",
        0.0,
        (0.0, 4.0),
        "How fast the working set has grown over the last hour (or since the container"
        " started); 0 when it shrinks.",
        "memory_usage_ratio, least-squares slope",
        monotone=True,
    ),
    required(
        "restart_count_24h",
        "count",
        0.0,
        (0.0, 20.0),
        "Restarts of the pod's containers in 24 hours.",
        "restart_count_24h",
        whole=True,
        high=1e6,
        monotone=True,
    ),
    required(
        "error_log_rate",
        "lines/min",
        0.0,
        (0.0, 120.0),
        "Error-level log lines per minute, mean of the window; 5xx answers per minute"
        " where logs are not counted.",
        "error_log_lines_per_min, server_error_rate",
    ),
    required(
        "request_latency_ms",
        "ms",
        40.0,
        (0.0, 2000.0),
        "95th percentile of the response time over the window.",
        "latency_p95_ms",
    ),
    required(
        "replica_count",
        "pods",
        3.0,
        (0.0, 30.0),
        "Desired replicas of the workload.",
        "replicas_desired",
        whole=True,
        high=1e6,
    ),
    required(
        "node_pressure_score",
        "0-1",
        0.3,
        (0.0, 1.0),
        "Worst of the node's conditions, memory, disk and pressure-stall information.",
        "node_pressure_score",
        high=1.0,
        monotone=True,
    ),
    required(
        "autoscaler_action",
        "category",
        0.0,
        (0.0, 2.0),
        "Direction of the autoscaler's desired replicas over 10 minutes.",
        "autoscaler_direction",
        high=2.0,
        whole=True,
        categories=AUTOSCALER_ACTIONS,
    ),
    required(
        "prometheus_anomaly_score",
        "0-1",
        0.1,
        (0.0, 1.0),
        "How far CPU and memory are from the pod's own past, as a robust deviation;"
        " from its siblings while the pod is young.",
        "cpu_usage_ratio, memory_usage_ratio",
        high=1.0,
    ),
    required(
        "previous_failures",
        "count",
        0.0,
        (0.0, 50.0),
        "Failures of the workload in 7 days.",
        "workload_failures_7d",
        whole=True,
        high=1e6,
    ),
    required(
        "deployment_uptime_hrs",
        "h",
        48.0,
        (0.0, 720.0),
        "Time since the workload's current revision began.",
        "revision_age_hours",
    ),
)

"""The features, each defined once.

Trainer, request schema, dashboard form, tooltips and ``docs/features.md`` are derived from
``CATALOGUE``. Adding a feature is one entry here and one function in
:mod:`podforecast.features`; the two are held together by a test.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from typing import TypedDict, Unpack


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One number, or category, that the model sees about one pod.

    A category is stored as the index of its value in ``categories``. Unknown is NaN.
    """

    name: str
    unit: str
    typical: tuple[float, float]
    """What widgets span."""
    meaning: str
    """One sentence for somebody who has never seen the project."""
    source: str
    """Which signals it is computed from, or where it comes from in a cluster."""
    default: float = 0.0
    """What a form starts with: a healthy pod."""
    low: float = 0.0
    high: float = math.inf
    """Hard limits of a request: a value outside is refused."""
    required: bool = False
    whole: bool = False
    """True for counts: fractions are refused."""
    categories: tuple[str, ...] = ()
    monotone: bool = False
    """True where a larger value alone must never lower the probability."""

    def __post_init__(self) -> None:
        if not self.low <= self.typical[0] <= self.default <= self.typical[1] <= self.high:
            raise ValueError(f"{self.name}: default, typical range and limits are out of order")


class _Limits(TypedDict, total=False):
    """What most features leave at its default."""

    low: float
    high: float
    whole: bool
    categories: tuple[str, ...]
    monotone: bool


def _required(
    name: str,
    unit: str,
    form_default: float,
    typical: tuple[float, float],
    meaning: str,
    source: str,
    **limits: Unpack[_Limits],
) -> Feature:
    return Feature(
        name=name,
        unit=unit,
        default=form_default,
        typical=typical,
        meaning=meaning,
        source=source,
        required=True,
        **limits,
    )


def _optional(
    name: str,
    unit: str,
    typical: tuple[float, float],
    meaning: str,
    source: str,
    form_default: float = 0.0,
    **limits: Unpack[_Limits],
) -> Feature:
    return Feature(
        name=name,
        unit=unit,
        default=form_default,
        typical=typical,
        meaning=meaning,
        source=source,
        **limits,
    )


PERCENT_MAX = 10_000.0
"""Percentages may pass 100 in bursts; beyond this they are a unit error."""

AUTOSCALER_ACTIONS = ("none", "scale_up", "scale_down")
TERMINATION_REASONS = ("none", "completed", "error", "oom_killed")

REQUIRED: tuple[Feature, ...] = (
    _required(
        "cpu_usage_pct",
        "% of limit",
        20.0,
        (0.0, 150.0),
        "CPU use of the worst container, mean of the window.",
        "cpu_usage_ratio",
        high=PERCENT_MAX,
    ),
    _required(
        "memory_usage_pct",
        "% of limit",
        40.0,
        (0.0, 100.0),
        "Working set of the worst container, last sample of the window.",
        "memory_usage_ratio",
        high=PERCENT_MAX,
        monotone=True,
    ),
    _required(
        "memory_leak_rate",
        "share of the limit per hour",
        0.0,
        (0.0, 4.0),
        "How fast the working set has grown over the last hour (or since the container"
        " started); 0 when it shrinks.",
        "memory_usage_ratio, least-squares slope",
        monotone=True,
    ),
    _required(
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
    _required(
        "error_log_rate",
        "lines/min",
        0.0,
        (0.0, 120.0),
        "Error-level log lines per minute, mean of the window; 5xx answers per minute"
        " where logs are not counted.",
        "error_log_lines_per_min, server_error_rate",
    ),
    _required(
        "request_latency_ms",
        "ms",
        40.0,
        (0.0, 2000.0),
        "95th percentile of the response time over the window.",
        "latency_p95_ms",
    ),
    _required(
        "replica_count",
        "pods",
        3.0,
        (0.0, 30.0),
        "Desired replicas of the workload.",
        "replicas_desired",
        whole=True,
        high=1e6,
    ),
    _required(
        "node_pressure_score",
        "0-1",
        0.3,
        (0.0, 1.0),
        "Worst of the node's conditions, memory, disk and pressure-stall information.",
        "node_pressure_score",
        high=1.0,
        monotone=True,
    ),
    _required(
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
    _required(
        "prometheus_anomaly_score",
        "0-1",
        0.1,
        (0.0, 1.0),
        "How far CPU and memory are from the pod's own past, as a robust deviation;"
        " from its siblings while the pod is young.",
        "cpu_usage_ratio, memory_usage_ratio",
        high=1.0,
    ),
    _required(
        "previous_failures",
        "count",
        0.0,
        (0.0, 50.0),
        "Failures of the workload in 7 days.",
        "workload_failures_7d",
        whole=True,
        high=1e6,
    ),
    _required(
        "deployment_uptime_hrs",
        "h",
        48.0,
        (0.0, 720.0),
        "Time since the workload's current revision began.",
        "revision_age_hours",
    ),
)

OPTIONAL: tuple[Feature, ...] = (
    # Memory: where it is, how it moves, and how that compares with what this pod survived.
    # Trends and pasts begin anew with the container: a restart is no garbage collection.
    _optional(
        "memory_growth_3m",
        "% of limit per min",
        (-10.0, 10.0),
        "Slope of the working set over the window.",
        "memory_usage_ratio",
        low=-math.inf,
    ),
    _optional(
        "memory_growth_10m",
        "% of limit per min",
        (-5.0, 5.0),
        "Slope of the working set over the last 10 minutes.",
        "memory_usage_ratio",
        low=-math.inf,
    ),
    _optional(
        "memory_growth_steadiness",
        "0-1",
        (0.0, 1.0),
        "Share of the working set's variation over 10 minutes that a rising line explains;"
        " 0 when it does not rise.",
        "memory_usage_ratio",
        high=1.0,
    ),
    _optional(
        "memory_minutes_to_limit",
        "min",
        (0.0, 120.0),
        "Minutes until the working set reaches the limit at its 10-minute pace;"
        " 120 when that is further away or it does not grow.",
        "memory_usage_ratio",
        form_default=120.0,
        high=120.0,
    ),
    _optional(
        "memory_minutes_to_limit_3m",
        "min",
        (0.0, 120.0),
        "Minutes until the working set reaches the limit at the pace of the window;"
        " 120 when that is further away or it does not grow.",
        "memory_usage_ratio",
        form_default=120.0,
        high=120.0,
    ),
    _optional(
        "memory_growth_change",
        "% of limit per min",
        (-10.0, 10.0),
        "Slope of the window minus slope of the last 10 minutes: positive where growth"
        " speeds up, negative where it levels off.",
        "memory_usage_ratio",
        low=-math.inf,
    ),
    _optional(
        "memory_peak_pct",
        "% of limit",
        (0.0, 100.0),
        "Largest working set in the last hour.",
        "memory_usage_ratio",
        high=PERCENT_MAX,
    ),
    _optional(
        "memory_above_past_peak",
        "% of limit",
        (-100.0, 100.0),
        "Working set minus the largest one in the hour before the window: positive where"
        " the pod has never been so high.",
        "memory_usage_ratio",
        low=-math.inf,
    ),
    _optional(
        "memory_largest_drop",
        "% of limit",
        (0.0, 100.0),
        "Deepest fall from a peak within the last hour: garbage collection shows here.",
        "memory_usage_ratio",
    ),
    _optional(
        "memory_vs_own_past",
        "% of limit",
        (-100.0, 100.0),
        "Working set minus the median of the hour before the window.",
        "memory_usage_ratio",
        low=-math.inf,
    ),
    _optional(
        "memory_vs_siblings",
        "% of limit",
        (-100.0, 100.0),
        "Working set minus the median of the workload's other pods.",
        "memory_usage_ratio",
        low=-math.inf,
    ),
    # CPU
    _optional(
        "cpu_throttled_pct",
        "% of periods",
        (0.0, 100.0),
        "Share of CFS periods in which the worst container was throttled, mean of the window.",
        "cpu_throttled_ratio",
        high=100.0,
    ),
    _optional(
        "cpu_throttled_vs_own_past",
        "% of periods",
        (-100.0, 100.0),
        "Throttling minus the median of the hour before the window.",
        "cpu_throttled_ratio",
        low=-math.inf,
    ),
    _optional(
        "cpu_growth_10m",
        "% of limit per min",
        (-20.0, 20.0),
        "Slope of CPU use over the last 10 minutes.",
        "cpu_usage_ratio",
        low=-math.inf,
    ),
    _optional(
        "cpu_at_limit_minutes",
        "min",
        (0.0, 60.0),
        "For how long CPU use has been above 90 % of the limit without a break, at most an hour.",
        "cpu_usage_ratio",
        high=60.0,
    ),
    _optional(
        "cpu_vs_own_past",
        "% of limit",
        (-150.0, 150.0),
        "CPU use minus the median of the hour before the window.",
        "cpu_usage_ratio",
        low=-math.inf,
    ),
    _optional(
        "cpu_vs_siblings",
        "% of limit",
        (-150.0, 150.0),
        "CPU use minus the median of the workload's other pods.",
        "cpu_usage_ratio",
        low=-math.inf,
    ),
    # Requests
    _optional(
        "latency_growth_10m",
        "ms per min",
        (-100.0, 100.0),
        "Slope of the mean response time over the last 10 minutes.",
        "latency_mean_ms",
        low=-math.inf,
    ),
    _optional(
        "latency_vs_own_past",
        "ratio",
        (0.0, 20.0),
        "Mean response time of the window over the median of the hour before it.",
        "latency_mean_ms",
        form_default=1.0,
    ),
    _optional(
        "latency_vs_siblings",
        "ratio",
        (0.0, 20.0),
        "Mean response time of the window over the median of the workload's other pods.",
        "latency_mean_ms",
        form_default=1.0,
    ),
    _optional(
        "request_rate",
        "1/s",
        (0.0, 100.0),
        "Requests per second, mean of the window.",
        "request_rate",
    ),
    _optional(
        "request_rate_vs_own_past",
        "ratio",
        (0.0, 10.0),
        "Request rate of the window over the median of the hour before it.",
        "request_rate",
        form_default=1.0,
    ),
    _optional(
        "requests_in_flight",
        "requests",
        (0.0, 20.0),
        "Requests under way at a time, mean of the window: answers per second times their"
        " mean duration (Little's law). A full worker pool shows here.",
        "request_rate, latency_mean_ms",
    ),
    _optional(
        "requests_in_flight_growth_10m",
        "requests per min",
        (-2.0, 2.0),
        "Slope of the requests under way over the last 10 minutes.",
        "request_rate, latency_mean_ms",
        low=-math.inf,
    ),
    _optional(
        "server_error_share",
        "0-1",
        (0.0, 1.0),
        "5xx answers / all answers in the window.",
        "server_error_rate, request_rate",
        high=1.0,
    ),
    _optional(
        "server_error_share_growth_10m",
        "per min",
        (-0.2, 0.2),
        "Slope of the share of 5xx answers over the last 10 minutes.",
        "server_error_rate, request_rate",
        low=-math.inf,
    ),
    _optional(
        "server_error_minutes",
        "min",
        (0.0, 60.0),
        "For how long more than 5 % of the answers have been 5xx without a break, at most an hour.",
        "server_error_rate, request_rate",
        high=60.0,
    ),
    _optional(
        "error_log_growth_10m",
        "lines/min per min",
        (-10.0, 10.0),
        "Slope of error-level log lines per minute over the last 10 minutes.",
        "error_log_lines_per_min",
        low=-math.inf,
    ),
    # Probes, scrapes, descriptors
    _optional(
        "liveness_failures_3m",
        "count",
        (0.0, 10.0),
        "Failed liveness probes in the window.",
        "liveness_failures",
    ),
    _optional(
        "readiness_failures_3m",
        "count",
        (0.0, 10.0),
        "Failed readiness probes in the window.",
        "readiness_failures",
    ),
    _optional(
        "probe_failures_1h",
        "count",
        (0.0, 50.0),
        "Failed liveness and readiness probes in the last hour.",
        "liveness_failures, readiness_failures",
    ),
    _optional(
        "scrape_failure_share",
        "0-1",
        (0.0, 1.0),
        "Share of the window's scrapes that the pod's own metrics endpoint did not answer.",
        "scrape_up",
        high=1.0,
    ),
    _optional(
        "scrape_seconds",
        "s",
        (0.0, 5.0),
        "How long the pod's own metrics endpoint takes to answer a scrape, mean of the"
        " window: a starving process answers late before its probes fail.",
        "scrape_seconds",
    ),
    _optional(
        "scrape_seconds_worst",
        "s",
        (0.0, 10.0),
        "Slowest scrape of the pod's own metrics endpoint in the window.",
        "scrape_seconds",
    ),
    _optional(
        "scrape_seconds_growth_10m",
        "s per min",
        (-0.5, 0.5),
        "Slope of the scrape time over the last 10 minutes.",
        "scrape_seconds",
        low=-math.inf,
    ),
    _optional(
        "open_fds_pct",
        "% of limit",
        (0.0, 100.0),
        "Open file descriptors as a share of the process's limit, last sample.",
        "open_fds_ratio",
        high=100.0,
    ),
    _optional(
        "open_fds_growth_10m",
        "% of limit per min",
        (-5.0, 5.0),
        "Slope of open file descriptors over the last 10 minutes.",
        "open_fds_ratio",
        low=-math.inf,
    ),
    _optional(
        "open_fds_minutes_to_limit",
        "min",
        (0.0, 120.0),
        "Minutes until descriptors run out at their 10-minute pace; 120 when further away.",
        "open_fds_ratio",
        form_default=120.0,
        high=120.0,
    ),
    _optional(
        "open_fds_minutes_to_limit_3m",
        "min",
        (0.0, 120.0),
        "Minutes until descriptors run out at the pace of the window; 120 when further away.",
        "open_fds_ratio",
        form_default=120.0,
        high=120.0,
    ),
    # What the pod and its workload went through lately
    _optional(
        "containers_ready_ratio",
        "0-1",
        (0.0, 1.0),
        "Ready containers / all containers, mean of the window.",
        "containers_ready_ratio",
        form_default=1.0,
        high=1.0,
    ),
    _optional(
        "restarts_1h",
        "count",
        (0.0, 10.0),
        "Restarts of the pod's containers in the last hour.",
        "restarts",
    ),
    _optional(
        "minutes_since_restart",
        "min",
        (0.0, 1440.0),
        "Age of the pod's youngest container, at most a day.",
        "container_age_minutes",
        form_default=1440.0,
        high=1440.0,
    ),
    _optional(
        "last_termination_reason",
        "category",
        (0.0, 3.0),
        "Why a container of the pod last ended.",
        "last_termination_code",
        high=3.0,
        whole=True,
        categories=TERMINATION_REASONS,
    ),
    _optional(
        "workload_failure_rate",
        "1/h per pod",
        (0.0, 10.0),
        "Restarts per pod and hour of the whole workload, exponentially weighted with a"
        " half-life of 15 minutes.",
        "restarts",
    ),
    _optional(
        "siblings_failing_share",
        "0-1",
        (0.0, 1.0),
        "Share of the workload's other pods that restarted in the last 10 minutes or are"
        " not ready.",
        "restarts, containers_ready_ratio",
        high=1.0,
    ),
    # Node, network, disk
    _optional(
        "node_cpu_pct",
        "%",
        (0.0, 100.0),
        "Busy share of the node's CPU.",
        "node_cpu_ratio",
        high=100.0,
    ),
    _optional(
        "node_memory_pct",
        "%",
        (0.0, 100.0),
        "Used share of the node's memory.",
        "node_memory_ratio",
        high=100.0,
    ),
    _optional(
        "node_memory_growth_10m",
        "% per min",
        (-5.0, 5.0),
        "Slope of the node's used memory over the last 10 minutes.",
        "node_memory_ratio",
        low=-math.inf,
    ),
    _optional(
        "node_disk_pct",
        "%",
        (0.0, 100.0),
        "Used share of the node's root file system.",
        "node_disk_ratio",
        high=100.0,
    ),
    _optional(
        "network_receive_kib_per_s",
        "KiB/s",
        (0.0, 1e5),
        "Received, mean of the window.",
        "network_receive_bytes_per_s",
    ),
    _optional(
        "network_transmit_kib_per_s",
        "KiB/s",
        (0.0, 1e5),
        "Sent, mean of the window.",
        "network_transmit_bytes_per_s",
    ),
    _optional(
        "network_drops_per_s",
        "1/s",
        (0.0, 100.0),
        "Packets dropped in both directions, mean of the window.",
        "network_drops_per_s",
    ),
    _optional(
        "disk_usage_pct",
        "% of capacity",
        (0.0, 100.0),
        "Fullest of the pod's file systems and volume claims.",
        "disk_usage_ratio",
        high=100.0,
    ),
)

CATALOGUE: tuple[Feature, ...] = REQUIRED + OPTIONAL
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)


@cache
def feature_index(name: str) -> int:
    """Column of a feature in every table.

    >>> feature_index("cpu_usage_pct")
    0

    Raises
    ------
    KeyError
        If the catalogue has no such feature.
    """
    try:
        return FEATURE_NAMES.index(name)
    except ValueError:
        raise KeyError(f"{name!r} is not in the catalogue") from None


def fingerprint(catalogue: tuple[Feature, ...] = CATALOGUE) -> str:
    """Identify columns, order, units and categories; stored with every model.

    >>> len(fingerprint())
    12
    """
    lines = (f"{f.name}|{f.unit}|{','.join(f.categories)}|{f.required}" for f in catalogue)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

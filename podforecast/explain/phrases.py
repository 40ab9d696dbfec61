"""How each feature is spoken of, and which features say the same thing.

One row per feature of the catalogue; a test shows the ones that are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What features are measured on: those of one family are near-synonyms of each other."""

    MEMORY_LEVEL = "memory level"
    MEMORY_TREND = "memory trend"
    CPU = "CPU"
    THROTTLING = "throttling"
    LATENCY = "latency"
    TRAFFIC = "traffic"
    ERRORS = "errors"
    PROBES = "probes"
    SCRAPES = "scrapes"
    DESCRIPTORS = "file descriptors"
    RESTARTS = "restarts"
    LAST_END = "last end"
    WORKLOAD = "workload"
    REVISION = "revision"
    SIZE = "size of the workload"
    SCALING = "scaling"
    ANOMALY = "anomaly"
    NODE = "node"
    NETWORK = "network"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Phrase:
    """``{subject} {says}``, with the value in place of ``{}``."""

    family: Family
    subject: str
    """A noun that takes "was not measured" as well."""
    says: str
    unit: str = ""
    """Behind the usual range."""
    scale: float = 1.0
    """From the unit of the catalogue to that of the words."""


_LEVEL, _TREND = Family.MEMORY_LEVEL, Family.MEMORY_TREND
_CPU, _THROTTLING = Family.CPU, Family.THROTTLING
_LATENCY, _TRAFFIC, _ERRORS = Family.LATENCY, Family.TRAFFIC, Family.ERRORS
_PROBES, _SCRAPES, _FDS = Family.PROBES, Family.SCRAPES, Family.DESCRIPTORS
_RESTARTS, _WORKLOAD, _NODE = Family.RESTARTS, Family.WORKLOAD, Family.NODE

PHRASES: Mapping[str, Phrase] = {
    # Memory
    "memory_usage_pct": Phrase(_LEVEL, "Memory usage", "is {} % of its limit", " %"),
    "memory_peak_pct": Phrase(_LEVEL, "Peak memory of the last hour", "is {} % of the limit", " %"),
    "memory_above_past_peak": Phrase(
        _LEVEL, "Memory against the peak of the hour before", "is {} % of the limit", " %"
    ),
    "memory_vs_own_past": Phrase(
        _LEVEL, "Memory against the pod's own past hour", "is {} % of the limit", " %"
    ),
    "memory_vs_siblings": Phrase(
        _LEVEL, "Memory against the workload's other pods", "is {} % of the limit", " %"
    ),
    "memory_leak_rate": Phrase(
        _TREND, "Memory growth over the last hour", "is {} % of the limit per hour", " %", 100.0
    ),
    "memory_growth_3m": Phrase(
        _TREND, "Memory growth over 3 minutes", "is {} % of the limit per minute", " %"
    ),
    "memory_growth_10m": Phrase(
        _TREND, "Memory growth over 10 minutes", "is {} % of the limit per minute", " %"
    ),
    "memory_growth_change": Phrase(
        _TREND, "Change of pace of the memory growth", "is {} % of the limit per minute", " %"
    ),
    "memory_growth_steadiness": Phrase(
        _TREND, "Share of memory movement that is steady growth", "is {} %", " %", 100.0
    ),
    "memory_minutes_to_limit": Phrase(
        _TREND, "Time to the memory limit", "is {} min (10-minute pace)", " min"
    ),
    "memory_minutes_to_limit_3m": Phrase(
        _TREND, "Time to the memory limit", "is {} min (3-minute pace)", " min"
    ),
    "memory_minutes_to_limit_1m": Phrase(
        _TREND, "Time to the memory limit", "is {} min (1-minute pace)", " min"
    ),
    "memory_largest_drop": Phrase(
        _TREND, "Largest drop of memory in the last hour", "is {} % of the limit", " %"
    ),
    # CPU
    "cpu_usage_pct": Phrase(_CPU, "CPU usage", "is {} % of its limit", " %"),
    "cpu_growth_10m": Phrase(
        _CPU, "CPU growth over 10 minutes", "is {} % of the limit per minute", " %"
    ),
    "cpu_at_limit_minutes": Phrase(_CPU, "Time at the CPU limit", "is {} min", " min"),
    "cpu_vs_own_past": Phrase(
        _CPU, "CPU usage against the pod's own past hour", "is {} % of the limit", " %"
    ),
    "cpu_vs_siblings": Phrase(
        _CPU, "CPU usage against the workload's other pods", "is {} % of the limit", " %"
    ),
    "cpu_throttled_pct": Phrase(
        _THROTTLING, "CPU throttling", "holds the pod back in {} % of its periods", " %"
    ),
    "cpu_throttled_vs_own_past": Phrase(
        _THROTTLING, "CPU throttling against the pod's own past hour", "is {} % of periods", " %"
    ),
    # Requests
    "request_latency_ms": Phrase(_LATENCY, "Response time (p95)", "is {} ms", " ms"),
    "latency_growth_10m": Phrase(
        _LATENCY, "Growth of the response time over 10 minutes", "is {} ms per minute", " ms"
    ),
    "latency_vs_own_past": Phrase(_LATENCY, "Response time", "is {} times that of the hour before"),
    "latency_vs_siblings": Phrase(
        _LATENCY, "Response time", "is {} times that of the workload's other pods"
    ),
    "request_rate": Phrase(_TRAFFIC, "Traffic", "is {} requests per second"),
    "request_rate_vs_own_past": Phrase(_TRAFFIC, "Traffic", "is {} times that of the hour before"),
    "requests_in_flight": Phrase(
        _TRAFFIC, "Number of requests under way at a time over 3 minutes", "is {}"
    ),
    "requests_in_flight_1m": Phrase(
        _TRAFFIC, "Number of requests under way at a time in the last minute", "is {}"
    ),
    "requests_in_flight_growth_10m": Phrase(
        _TRAFFIC, "Growth of the requests under way over 10 minutes", "is {} per minute"
    ),
    "error_log_rate": Phrase(_ERRORS, "Error log", "grows by {} lines per minute"),
    "error_log_growth_10m": Phrase(
        _ERRORS, "Change of the error log's pace over 10 minutes", "is {} lines/min per minute"
    ),
    "server_error_share": Phrase(
        _ERRORS, "Share of 5xx answers over 3 minutes", "is {} %", " %", 100.0
    ),
    "server_error_share_1m": Phrase(
        _ERRORS, "Share of 5xx answers in the last minute", "is {} %", " %", 100.0
    ),
    "server_error_share_growth_10m": Phrase(
        _ERRORS, "Growth of the share of 5xx answers", "is {} % per minute", " %", 100.0
    ),
    "server_error_minutes": Phrase(
        _ERRORS, "Time with more than 5 % of 5xx answers", "is {} min", " min"
    ),
    # Probes, scrapes, descriptors
    "liveness_failures_3m": Phrase(
        _PROBES, "Number of failed liveness probes in 3 minutes", "is {}"
    ),
    "liveness_failures_1m": Phrase(
        _PROBES, "Number of failed liveness probes in the last minute", "is {}"
    ),
    "readiness_failures_3m": Phrase(
        _PROBES, "Number of failed readiness probes in 3 minutes", "is {}"
    ),
    "probe_failures_1h": Phrase(_PROBES, "Number of failed probes in the last hour", "is {}"),
    "scrape_failure_share": Phrase(
        _SCRAPES, "Share of scrapes the pod did not answer", "is {} %", " %", 100.0
    ),
    "scrape_seconds": Phrase(_SCRAPES, "Time the pod takes to answer a scrape", "is {} s", " s"),
    "scrape_seconds_worst": Phrase(_SCRAPES, "Slowest scrape of the pod", "took {} s", " s"),
    "scrape_seconds_1m": Phrase(
        _SCRAPES, "Time the pod took to answer scrapes in the last minute", "is {} s", " s"
    ),
    "scrape_seconds_vs_siblings": Phrase(
        _SCRAPES, "Scrape time against the workload's other pods", "is {} s", " s"
    ),
    "scrape_seconds_growth_10m": Phrase(
        _SCRAPES, "Growth of the scrape time over 10 minutes", "is {} s per minute", " s"
    ),
    "open_fds_pct": Phrase(_FDS, "File descriptor use", "is {} % of the limit", " %"),
    "open_fds_growth_10m": Phrase(
        _FDS, "Growth of open file descriptors", "is {} % of the limit per minute", " %"
    ),
    "open_fds_minutes_to_limit": Phrase(
        _FDS, "Time to the file descriptor limit", "is {} min (10-minute pace)", " min"
    ),
    "open_fds_minutes_to_limit_3m": Phrase(
        _FDS, "Time to the file descriptor limit", "is {} min (3-minute pace)", " min"
    ),
    "open_fds_minutes_to_limit_1m": Phrase(
        _FDS, "Time to the file descriptor limit", "is {} min (1-minute pace)", " min"
    ),
    # The pod's and the workload's past
    "restart_count_24h": Phrase(_RESTARTS, "Restart count of 24 hours", "is {}"),
    "restarts_1h": Phrase(_RESTARTS, "Restart count of the last hour", "is {}"),
    "minutes_since_restart": Phrase(
        _RESTARTS, "Age of the youngest container", "is {} min", " min"
    ),
    "containers_ready_ratio": Phrase(
        _RESTARTS, "Share of containers that are ready", "is {} %", " %", 100.0
    ),
    "last_termination_reason": Phrase(Family.LAST_END, "How a container last ended", "is {}"),
    "previous_failures": Phrase(_WORKLOAD, "Number of failures of the workload in 7 days", "is {}"),
    "workload_failure_rate": Phrase(
        _WORKLOAD, "Restart rate of the workload", "is {} per pod and hour"
    ),
    "siblings_failing_share": Phrase(
        _WORKLOAD, "Share of the workload's other pods in trouble", "is {} %", " %", 100.0
    ),
    "deployment_uptime_hrs": Phrase(Family.REVISION, "Age of the revision", "is {} h", " h"),
    "replica_count": Phrase(Family.SIZE, "Number of desired replicas", "is {}"),
    "autoscaler_action": Phrase(Family.SCALING, "What the autoscaler does", "is {}"),
    "prometheus_anomaly_score": Phrase(
        Family.ANOMALY, "Anomaly score of CPU and memory", "is {} of 1"
    ),
    # Node, network, disk
    "node_pressure_score": Phrase(_NODE, "Node pressure", "is {} of 1"),
    "node_cpu_pct": Phrase(_NODE, "CPU of the node", "is {} % busy", " %"),
    "node_memory_pct": Phrase(_NODE, "Memory of the node", "is {} % used", " %"),
    "node_memory_growth_10m": Phrase(
        _NODE, "Growth of the node's used memory", "is {} % per minute", " %"
    ),
    "node_disk_pct": Phrase(_NODE, "Root disk of the node", "is {} % full", " %"),
    "network_receive_kib_per_s": Phrase(Family.NETWORK, "Received traffic", "is {} KiB/s"),
    "network_transmit_kib_per_s": Phrase(Family.NETWORK, "Sent traffic", "is {} KiB/s"),
    "network_drops_per_s": Phrase(Family.NETWORK, "Packet loss", "is {} packets per second"),
    "disk_usage_pct": Phrase(Family.DISK, "Fullest volume", "is {} % full", " %"),
}

CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "autoscaler_action": {
        "none": "The autoscaler leaves the number of pods as it is.",
        "scale_up": "The autoscaler is adding pods.",
        "scale_down": "The autoscaler is removing pods.",
    },
    "last_termination_reason": {
        "none": "No container of the pod has ended before.",
        "completed": "A container last ended by itself, without an error.",
        "error": "A container last ended with an error.",
        "oom_killed": "A container was last killed for running out of memory.",
    },
}
"""A sentence for each value of each category."""

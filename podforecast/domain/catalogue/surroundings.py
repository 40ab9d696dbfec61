"""Optional features of what is around a pod: its past, its workload, its node."""

from __future__ import annotations

import math

from podforecast.domain.catalogue.feature import Feature, optional

TERMINATION_REASONS = ("none", "completed", "error", "oom_killed")

SURROUNDINGS: tuple[Feature, ...] = (
    # What the pod and its workload went through lately
    optional(
        "containers_ready_ratio",
        "0-1",
        (0.0, 1.0),
        "Ready containers / all containers, mean of the window.",
        "containers_ready_ratio",
        form_default=1.0,
        high=1.0,
        usual=(1.0, 1.0),
    ),
    optional(
        "restarts_1h",
        "count",
        (0.0, 10.0),
        "Restarts of the pod's containers in the last hour.",
        "restarts",
        usual=(0.0, 0.0),
    ),
    optional(
        "minutes_since_restart",
        "min",
        (0.0, 20.0),
        "Age of the pod's youngest container, at most 20 minutes: twice the time after which"
        " the kubelet forgets a crash.",
        "container_age_minutes",
        form_default=20.0,
        high=20.0,
        usual=(15.0, 20.0),
    ),
    optional(
        "last_termination_reason",
        "category",
        (0.0, 3.0),
        "Why a container of the pod last ended.",
        "last_termination_code",
        high=3.0,
        whole=True,
        categories=TERMINATION_REASONS,
    ),
    optional(
        "workload_failure_rate",
        "1/h per pod",
        (0.0, 10.0),
        "Restarts per pod and hour of the whole workload, exponentially weighted with a"
        " half-life of 15 minutes.",
        "restarts",
        usual=(0.0, 0.5),
    ),
    optional(
        "siblings_failing_share",
        "0-1",
        (0.0, 1.0),
        "Share of the workload's other pods that restarted in the last 10 minutes or are"
        " not ready.",
        "restarts, containers_ready_ratio",
        high=1.0,
        usual=(0.0, 0.1),
    ),
    # Node, network, disk
    optional(
        "node_cpu_pct",
        "%",
        (0.0, 100.0),
        "Busy share of the node's CPU.",
        "node_cpu_ratio",
        high=100.0,
        usual=(10.0, 80.0),
    ),
    optional(
        "node_memory_pct",
        "%",
        (0.0, 100.0),
        "Used share of the node's memory.",
        "node_memory_ratio",
        high=100.0,
        usual=(20.0, 85.0),
    ),
    optional(
        "node_memory_growth_10m",
        "% per min",
        (-5.0, 5.0),
        "Slope of the node's used memory over the last 10 minutes.",
        "node_memory_ratio",
        low=-math.inf,
        usual=(-0.5, 0.5),
    ),
    optional(
        "node_disk_pct",
        "%",
        (0.0, 100.0),
        "Used share of the node's root file system.",
        "node_disk_ratio",
        high=100.0,
        usual=(10.0, 80.0),
    ),
    optional(
        "network_receive_kib_per_s",
        "KiB/s",
        (0.0, 1e5),
        "Received, mean of the window.",
        "network_receive_bytes_per_s",
    ),
    optional(
        "network_transmit_kib_per_s",
        "KiB/s",
        (0.0, 1e5),
        "Sent, mean of the window.",
        "network_transmit_bytes_per_s",
    ),
    optional(
        "network_drops_per_s",
        "1/s",
        (0.0, 100.0),
        "Packets dropped in both directions, mean of the window.",
        "network_drops_per_s",
        usual=(0.0, 1.0),
    ),
    optional(
        "disk_usage_pct",
        "% of capacity",
        (0.0, 100.0),
        "Fullest of the pod's file systems and volume claims.",
        "disk_usage_ratio",
        high=100.0,
        usual=(0.0, 80.0),
    ),
)

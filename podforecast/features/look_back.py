"""How far back features look at each signal: what a reader of less than everything must have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from podforecast.domain.telemetry import HISTORY, WINDOW
from podforecast.features.build import SIGNALS_READ
from podforecast.features.moment import RECENT

_SHORTER: Mapping[str, timedelta] = {
    "restart_count_24h": WINDOW,
    "workload_failures_7d": WINDOW,
    "replicas_desired": WINDOW,
    "autoscaler_direction": WINDOW,
    "containers_ready_ratio": WINDOW,
    "revision_age_hours": WINDOW,
    "node_pressure_score": WINDOW,
    "node_cpu_ratio": WINDOW,
    "node_memory_ratio": RECENT,
    "node_disk_ratio": WINDOW,
    "latency_p95_ms": WINDOW,
    "error_log_lines_per_min": RECENT,
    "scrape_up": WINDOW,
    "scrape_seconds": RECENT,
    "open_fds_ratio": RECENT,
    "network_receive_bytes_per_s": WINDOW,
    "network_transmit_bytes_per_s": WINDOW,
    "network_drops_per_s": WINDOW,
    "disk_usage_ratio": WINDOW,
}

LOOK_BACK: Mapping[str, timedelta] = {name: _SHORTER.get(name, HISTORY) for name in SIGNALS_READ}
"""Per signal that is read. What is older than this changes no feature; a test holds
:func:`podforecast.features.build.build` to it."""

"""Which signals are a cause's own: what an explanation has to name for the cause to be found.

Written down from what each fault does to a pod, before any explanation was held against it.
"""

from __future__ import annotations

from collections.abc import Mapping

from podforecast.domain.catalogue import CATALOGUE, feature_index

_MEMORY = ("memory_usage_ratio",)

OWN_SIGNALS: Mapping[str, tuple[str, ...]] = {
    "leak_linear": _MEMORY,
    "leak_steps": _MEMORY,
    "leak_accelerating": _MEMORY,
    "leak_per_request": _MEMORY,
    "sudden_allocation": _MEMORY,
    # Leaks on a node that is full.
    "node_pressure": (*_MEMORY, "node_memory_ratio", "node_pressure_score"),
    "cpu_ramp": ("cpu_usage_ratio", "cpu_throttled_ratio"),
    "connection_leak": ("open_fds_ratio",),
    "slow_dependency": ("latency_p95_ms", "latency_mean_ms"),
    "error_exit": ("server_error_rate", "error_log_lines_per_min"),
    "deadlock": ("liveness_failures", "readiness_failures", "scrape_up", "scrape_seconds"),
    "bad_rollout": (
        "revision_age_hours",
        "restarts",
        "restart_count_24h",
        "last_termination_code",
    ),
    "crash": (),
    "outside_kill": (),
}
"""By what was injected. A process that ends between two samples has no signal of its own."""

NAMES_NOBODY = frozenset({"prometheus_anomaly_score"})
"""Features of several causes' signals at once: that something is unusual does not say what."""


def is_own(feature: str, fault_kind: str) -> bool:
    """Whether a feature speaks of a cause.

    >>> is_own("memory_growth_3m", "leak_linear"), is_own("cpu_usage_pct", "leak_linear")
    (True, False)

    Raises
    ------
    KeyError
        If nobody wrote down what the fault's own signals are.
    """
    if feature in NAMES_NOBODY:
        return False
    signals = CATALOGUE[feature_index(feature)].signals
    return not set(signals).isdisjoint(OWN_SIGNALS[fault_kind])

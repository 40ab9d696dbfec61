"""Copies of training rows in which features are unknown, as they will be in service.

A caller of ``POST /predict`` may know the 12 required features only; a cluster without an
application exporter has neither latency nor errors; a young pod has no past. A model that has
never seen such rows is not calibrated on them, whatever it does on complete ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.catalogue import REQUIRED, feature_index
from podforecast.domain.tables import Index

REQUIRED_ONLY_SHARE = 0.3
"""Share of rows copied with every optional feature unknown."""
GROUPS_SHARE = 0.2
"""Share of rows copied with some groups unknown."""
GROUP_CHANCE = 0.35
"""Chance of each group to be unknown in such a copy: two or three of the eight."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "memory history": (
        "memory_growth_10m",
        "memory_growth_steadiness",
        "memory_minutes_to_limit",
        "memory_peak_pct",
        "memory_above_past_peak",
        "memory_largest_drop",
        "memory_vs_own_past",
    ),
    "cpu history": ("cpu_growth_10m", "cpu_vs_own_past", "cpu_throttled_vs_own_past"),
    "throttling": ("cpu_throttled_pct", "cpu_throttled_vs_own_past"),
    "siblings": (
        "memory_vs_siblings",
        "cpu_vs_siblings",
        "latency_vs_siblings",
        "siblings_failing_share",
    ),
    "application metrics": (
        "error_log_rate",
        "request_latency_ms",
        "latency_growth_10m",
        "latency_vs_own_past",
        "latency_vs_siblings",
        "request_rate",
        "request_rate_vs_own_past",
        "server_error_share",
        "error_log_growth_10m",
        "scrape_failure_share",
        "open_fds_pct",
        "open_fds_growth_10m",
        "open_fds_minutes_to_limit",
    ),
    "probes": ("liveness_failures_3m", "readiness_failures_3m", "probe_failures_1h"),
    "node": (
        "node_pressure_score",
        "node_cpu_pct",
        "node_memory_pct",
        "node_memory_growth_10m",
        "node_disk_pct",
    ),
    "network and disk": (
        "network_receive_kib_per_s",
        "network_transmit_kib_per_s",
        "network_drops_per_s",
        "disk_usage_pct",
    ),
}
"""Features that go missing together, because one exporter or one past delivers them all."""


def required_only(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return a copy with every optional feature unknown, as a caller who knows 12 values has it."""
    masked = x.copy()
    masked[:, len(REQUIRED) :] = np.nan
    return masked


def with_masked_copies(
    x: NDArray[np.floating], *, rng: np.random.Generator
) -> tuple[NDArray[np.floating], Index]:
    """Append masked copies of randomly chosen rows.

    Returns
    -------
    x : ndarray of shape (n_rows + n_copies, n_features)
        The rows as they are, then the copies.
    source : ndarray of int, shape (n_rows + n_copies,)
        Row that each came from: index labels and weights with it.
    """
    bare = np.flatnonzero(rng.random(len(x)) < REQUIRED_ONLY_SHARE)
    partial = np.flatnonzero(rng.random(len(x)) < GROUPS_SHARE)
    gaps = x[partial]
    for columns in _group_columns():
        hidden = rng.random(len(partial)) < GROUP_CHANCE
        gaps[np.ix_(hidden, columns)] = np.nan
    source = np.concatenate([np.arange(len(x)), bare, partial])
    return np.concatenate([x, required_only(x[bare]), gaps]), source


def _group_columns() -> list[Index]:
    return [np.array([feature_index(name) for name in group]) for group in GROUPS.values()]

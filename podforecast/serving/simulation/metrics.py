"""What a simulated cluster looks like, in numbers that a demo shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from podforecast.domain.catalogue import feature_index
from podforecast.domain.tables import FeatureTable
from podforecast.domain.telemetry import Array
from podforecast.telemetry.simulator.fleet import SimulatedFleet

DIGITS = 4
"""More than any of these is measured to."""


def metrics_of(fleet: SimulatedFleet, table: FeatureTable) -> list[dict[str, Any]]:
    """Return each cluster's, as in :class:`~podforecast.api_schema.simulate.ClusterMetricsOut`.

    Parameters
    ----------
    fleet
        All clusters have equally many pods.
    table
        Features of its pods.
    """
    nodes, n_clusters = fleet.nodes, int(fleet.cluster[-1]) + 1
    node_count = np.bincount(nodes.cluster, minlength=n_clusters)

    def of(feature: str) -> Array:
        return table.values[:, feature_index(feature)].reshape(n_clusters, -1)

    served = np.nan_to_num(of("request_rate"))
    failed = np.nan_to_num(of("server_error_share")) * served
    answers = served.sum(axis=1)
    columns = {
        "cpu_utilization": 100.0 * np.bincount(nodes.cluster, nodes.cpu) / node_count,
        "memory_utilization": 100.0 * np.bincount(nodes.cluster, nodes.memory) / node_count,
        "node_count": node_count,
        "pod_count": np.bincount(fleet.cluster),
        "error_rate": failed.sum(axis=1) / np.where(answers > 0.0, answers, np.nan),
        "latency_ms": _largest(of("request_latency_ms")),
        "restarts": np.nansum(of("restarts_1h"), axis=1),
        "network_drops": np.nansum(of("network_drops_per_s"), axis=1),
        "pod_cpu_max": _largest(of("cpu_usage_pct")),
        "pod_memory_max": _largest(of("memory_usage_pct")),
    }
    lists = [np.round(values, DIGITS).tolist() for values in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _largest(values: Array) -> Array:
    """Largest of each row that is known, NaN where none is."""
    largest: Array = np.fmax.reduce(values, axis=1)
    return largest

"""Copies of training rows in which features are unknown, as they will be in service.

A caller of ``POST /predict`` may know the 12 required features only; a cluster without an
application exporter has neither latency nor errors; a young pod has no past. A model that has
never seen such rows is not calibrated on them, whatever it does on complete ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.catalogue import CATALOGUE, REQUIRED, Feature, feature_index
from podforecast.domain.tables import Index

REQUIRED_ONLY_SHARE = 0.3
"""Share of rows copied with every optional feature unknown."""
GROUPS_SHARE = 0.2
"""Share of rows copied with some groups unknown."""
GROUP_CHANCE = 0.35
"""Chance of each group to be unknown in such a copy."""

SIGNALS_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "application": (
        "latency_p95_ms",
        "latency_mean_ms",
        "request_rate",
        "server_error_rate",
        "error_log_lines_per_min",
    ),
    "process": ("scrape_up", "scrape_seconds", "open_fds_ratio"),
    "probes": ("liveness_failures", "readiness_failures"),
    "throttling": ("cpu_throttled_ratio",),
    "state": ("restarts", "containers_ready_ratio", "container_age_minutes"),
    "last termination": ("last_termination_code",),
    "node": ("node_pressure_score", "node_cpu_ratio", "node_memory_ratio", "node_disk_ratio"),
    "network": (
        "network_receive_bytes_per_s",
        "network_transmit_bytes_per_s",
        "network_drops_per_s",
    ),
    "disk": ("disk_usage_ratio",),
}
"""Signals that one exporter delivers, or none: features computed from any of them go missing
together."""
PAST = (
    "_10m",
    "_vs_own_past",
    "_above_past_peak",
    "_steadiness",
    "_minutes_to_limit",
    "_growth_change",
    "_1h",
)
"""Endings of features that a pod of a few minutes does not have."""
SIBLINGS = ("_vs_siblings", "siblings_failing_share")
"""Endings of features that the only pod of a workload does not have."""


def required_only(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return a copy with every optional feature unknown, as a caller who knows 12 values has it."""
    masked = x.copy()
    masked[:, len(REQUIRED) :] = np.nan
    return masked


def with_masked_copies(
    x: NDArray[np.floating], rows: Index, *, rng: np.random.Generator
) -> tuple[NDArray[np.floating], Index]:
    """Take some rows of a table, and append masked copies of randomly chosen ones among them.

    Parameters
    ----------
    x
        Table of shape (n_all, n_features); left as it is.
    rows
        Which rows to take, shape (n_rows,).

    Returns
    -------
    x : ndarray of shape (n_rows + n_copies, n_features)
        The rows as they are, then the copies.
    source : ndarray of int, shape (n_rows + n_copies,)
        Row of ``x`` that each came from: index labels with it.
    """
    bare = rows[rng.random(len(rows)) < REQUIRED_ONLY_SHARE]
    partial = rows[rng.random(len(rows)) < GROUPS_SHARE]
    source = np.concatenate([rows, bare, partial])
    taken = x[source]
    first_partial = len(rows) + len(bare)
    taken[len(rows) : first_partial, len(REQUIRED) :] = np.nan
    for columns in groups().values():
        hidden = first_partial + np.flatnonzero(rng.random(len(partial)) < GROUP_CHANCE)
        taken[np.ix_(hidden, columns)] = np.nan
    return taken, source


def groups() -> dict[str, Index]:
    """Columns that go missing together, by what is missing then."""
    names = {"past": _ending(PAST), "siblings": _ending(SIBLINGS)}
    for group, signals in SIGNALS_TOGETHER.items():
        names[group] = [f.name for f in CATALOGUE if _sources(f) & set(signals)]
    return {group: np.array([feature_index(n) for n in found]) for group, found in names.items()}


def _ending(endings: tuple[str, ...]) -> list[str]:
    return [feature.name for feature in CATALOGUE if feature.name.endswith(endings)]


def _sources(feature: Feature) -> set[str]:
    return {word.strip() for word in feature.source.split(",")}

"""Which features a model relies on: what is lost when they are shuffled among rows.

Features come in groups that say the same thing in several ways (a slope over three minutes and
one over ten). Shuffled one at a time, each looks unimportant because the others stand in for
it; so a group is shuffled as a whole, with one permutation for all its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.telemetry import Array
from podforecast.model import metrics
from podforecast.model.resampling import Interval, interval

PREFIXES: tuple[tuple[str, str], ...] = (
    ("memory", "memory"),
    ("node_memory", "node"),
    ("node", "node"),
    ("cpu", "CPU and throttling"),
    ("latency", "latency and requests"),
    ("request", "latency and requests"),
    ("server_error", "errors"),
    ("error_log", "errors"),
    ("liveness", "probes and scrapes"),
    ("readiness", "probes and scrapes"),
    ("probe", "probes and scrapes"),
    ("scrape", "probes and scrapes"),
    ("containers_ready", "probes and scrapes"),
    ("open_fds", "file descriptors"),
    ("restart", "restarts of the pod"),
    ("minutes_since_restart", "restarts of the pod"),
    ("last_termination", "restarts of the pod"),
    ("previous_failures", "failures of the workload"),
    ("workload_failure", "failures of the workload"),
    ("siblings", "failures of the workload"),
    ("network", "network and disk"),
    ("disk", "network and disk"),
    ("replica", "workload: size, age, autoscaler"),
    ("autoscaler", "workload: size, age, autoscaler"),
    ("deployment", "workload: size, age, autoscaler"),
    ("prometheus_anomaly", "anomaly score"),
)
"""Start of a feature's name and the group it belongs to; the longest match wins."""


def group_of(name: str) -> str:
    """Group of a feature.

    >>> group_of("node_memory_pct")
    'node'

    Raises
    ------
    KeyError
        If no prefix fits: a new kind of feature needs a line in ``PREFIXES``.
    """
    fitting = [(len(prefix), group) for prefix, group in PREFIXES if name.startswith(prefix)]
    if not fitting:
        raise KeyError(f"{name!r} belongs to no group")
    return max(fitting)[1]


def groups() -> Mapping[str, tuple[str, ...]]:
    """All features of the catalogue by group."""
    found: dict[str, tuple[str, ...]] = {}
    for feature in CATALOGUE:
        group = group_of(feature.name)
        found[group] = (*found.get(group, ()), feature.name)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """How much average precision is lost when some columns are shuffled together."""

    group: str
    features: tuple[str, ...]
    loss: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffles:
    """How often each group is shuffled, and by which randomness."""

    repeats: int
    rng: np.random.Generator
    level: float = 0.95
    """Share of the shuffles that the interval spans."""


def grouped_importance(
    y: np.ndarray,
    x: NDArray[Any],
    score: Callable[[NDArray[Any]], Array],
    shuffles: Shuffles,
    *,
    weight: Array | None = None,
) -> tuple[Importance, ...]:
    """Loss of average precision by group, largest first.

    Parameters
    ----------
    y, x
        Labels of shape (n,) and features of shape (n, n_features) of rows the model never saw.
    score
        From features, shape (n, n_features), to scores of shape (n,).
    shuffles
        The interval spans their results; how the loss would vary with other pods it does not
        say.
    weight
        Of the rows, shape (n,).
    """
    whole = metrics.average_precision(y, score(x), weight)

    def loss(names: tuple[str, ...]) -> Interval:
        columns = [feature_index(name) for name in names]
        losses = np.empty(shuffles.repeats)
        for repeat in range(shuffles.repeats):
            shuffled = x.copy()
            shuffled[:, columns] = x[shuffles.rng.permutation(len(x))][:, columns]
            losses[repeat] = whole - metrics.average_precision(y, score(shuffled), weight)
        return interval(float(losses.mean()), losses, level=shuffles.level)

    found = [Importance(group=g, features=names, loss=loss(names)) for g, names in groups().items()]
    return tuple(sorted(found, key=lambda importance: -importance.loss.value))

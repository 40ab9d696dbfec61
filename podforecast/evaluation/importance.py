"""Which features a model relies on: what is lost when they are shuffled among rows.

Features come in groups that say the same thing in several ways (a slope over three minutes and
one over ten). Shuffled one at a time, each looks unimportant because the others stand in for
it; so a group is shuffled as a whole, with one permutation for all its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.telemetry import Array
from podforecast.evaluation.figures import Importance
from podforecast.evaluation.trial import Trial
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


def grouped_importance(
    trial: Trial,
    score: Callable[[Array], Array],
    *,
    repeats: int,
    rng: np.random.Generator,
) -> tuple[Importance, ...]:
    """Loss of average precision on the test rows by group, largest first.

    Parameters
    ----------
    score
        From features, shape (n, n_features), to scores of shape (n,).
    repeats
        Permutations per group. The interval spans their results; how the loss would vary with
        other pods it does not say.
    """
    y, x = trial.test.y, trial.test.x
    whole = metrics.average_precision(y, score(x))

    def loss(names: tuple[str, ...]) -> Interval:
        columns = [feature_index(name) for name in names]
        losses = np.empty(repeats)
        for repeat in range(repeats):
            shuffled = x.copy()
            shuffled[:, columns] = x[rng.permutation(len(x))][:, columns]
            losses[repeat] = whole - metrics.average_precision(y, score(shuffled))
        return interval(float(losses.mean()), losses)

    found = [Importance(group=g, features=names, loss=loss(names)) for g, names in groups().items()]
    return tuple(sorted(found, key=lambda importance: -importance.loss.value))

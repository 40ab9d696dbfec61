"""What people run today, as scores per row, so that a model is compared and not admired.

Every baseline reads columns of the feature table that the model reads as well. The score of
a rule is 1 where people let it fire and 2 at its extreme (memory full, restarted just now), so
moving that 1 up or down is tuning the rule to an alert budget, and rules can be tuned together.

The rules fire at once. Alert rules usually wait (``for: 15m`` in kubernetes-mixin), which
would take them past a horizon of five minutes; firing at once favours them here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from podforecast.domain.catalogue import feature_index
from podforecast.domain.telemetry import HORIZON, Array

MEMORY_PCT = 90.0
"""Usual in alerts on container memory."""
THROTTLED_PCT = 25.0
"""CPUThrottlingHigh of kubernetes-mixin."""
RESTART_MINUTES = 15.0
"""KubePodCrashLooping of kubernetes-mixin looked for restarts within 15 minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A score per row that needs no training."""

    name: str
    title: str
    meaning: str
    """One sentence for the report."""
    score: Callable[[Array], Array]
    """From features, shape (n_rows, n_features), to scores of shape (n_rows,), never NaN.

    An unknown value never fires a rule, so it scores 0, the lowest there is.
    """
    usual: float | None = None
    """Where the rule fires as people run it; None where nobody runs it with one threshold."""


def memory_rule(x: Array) -> Array:
    """Working set over 90 % of its limit."""
    return _above(x[:, feature_index("memory_usage_pct")], MEMORY_PCT)


def throttling_rule(x: Array) -> Array:
    """Throttled share of CFS periods over 25 %."""
    return _above(x[:, feature_index("cpu_throttled_pct")], THROTTLED_PCT)


def restart_rule(x: Array) -> Array:
    """Restarted within 15 minutes; 0 where there was no restart in an hour."""
    restarted = _known(x[:, feature_index("restarts_1h")]) > 0
    recent = _within(x[:, feature_index("minutes_since_restart")], RESTART_MINUTES)
    return np.where(restarted, recent, 0.0)


def static_rules(x: Array) -> Array:
    """The loudest of the three rules."""
    loudest: Array = np.maximum.reduce([memory_rule(x), throttling_rule(x), restart_rule(x)])
    return loudest


def memory_extrapolated(x: Array) -> Array:
    """``predict_linear`` by another name: the limit is reached within the horizon."""
    minutes = x[:, feature_index("memory_minutes_to_limit")]
    return _within(minutes, HORIZON.total_seconds() / 60.0)


def _above(percent: Array, usual: float) -> Array:
    """Score 1 at the usual threshold, 2 at 100 %.

    >>> _above(np.array([45.0, 90.0, 95.0, 100.0, np.nan]), 90.0).tolist()
    [0.5, 1.0, 1.5, 2.0, 0.0]
    """
    beyond = 1.0 + (percent - usual) / (100.0 - usual)
    return _known(np.where(percent < usual, percent / usual, np.minimum(beyond, 2.0)))


def _within(minutes: Array, usual: float) -> Array:
    """Score 1 at the usual number of minutes, 2 at none.

    >>> _within(np.array([30.0, 15.0, 7.5, 0.0, np.nan]), 15.0).tolist()
    [0.5, 1.0, 1.5, 2.0, 0.0]
    """
    near = 2.0 - minutes / usual
    return _known(np.where(minutes > usual, usual / np.maximum(minutes, usual), near))


def _column(name: str) -> Callable[[Array], Array]:
    return lambda x: _known(x[:, feature_index(name)])


def _known(values: Array) -> Array:
    return np.nan_to_num(values, nan=0.0)


BASELINES: tuple[Baseline, ...] = (
    Baseline(
        name="static_rules",
        title="static rules",
        meaning="Any of the three rules below, as kubernetes-mixin and most teams have them.",
        score=static_rules,
        usual=1.0,
    ),
    Baseline(
        name="memory_rule",
        title="memory > 90 %",
        meaning="Working set of the worst container above 90 % of its limit.",
        score=memory_rule,
        usual=1.0,
    ),
    Baseline(
        name="throttling_rule",
        title="throttling > 25 %",
        meaning="More than 25 % of CFS periods throttled.",
        score=throttling_rule,
        usual=1.0,
    ),
    Baseline(
        name="restart_rule",
        title="restart in 15 min",
        meaning="A container of the pod restarted within the last 15 minutes.",
        score=restart_rule,
        usual=1.0,
    ),
    Baseline(
        name="memory_extrapolated",
        title="memory extrapolated",
        meaning="The working set reaches its limit within 5 minutes at its pace of the last 10,"
        " as `predict_linear` says.",
        score=memory_extrapolated,
        usual=1.0,
    ),
    Baseline(
        name="restart_count",
        title="restarts in 24 h",
        meaning="The number of restarts alone.",
        score=_column("restart_count_24h"),
    ),
    Baseline(
        name="workload_failure_rate",
        title="workload's failure rate",
        meaning="Restarts per pod and hour of the workload, exponentially weighted.",
        score=_column("workload_failure_rate"),
    ),
    Baseline(
        name="anomaly_score",
        title="anomaly score",
        meaning="Robust deviation of CPU and memory from the pod's own past.",
        score=_column("prometheus_anomaly_score"),
    ),
)

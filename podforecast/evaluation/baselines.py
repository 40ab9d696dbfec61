"""What people run today, as scores per row, so that a model is compared and not admired.

Every baseline reads columns of the feature table that the model reads as well. The score of
a rule is the measured value over its usual threshold, so the rule as people run it fires from
1 on, and lowering or raising that 1 is the same as tuning the rule to an alert budget.

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
    return _known(x[:, feature_index("memory_usage_pct")]) / MEMORY_PCT


def throttling_rule(x: Array) -> Array:
    """Throttled share of CFS periods over 25 %."""
    return _known(x[:, feature_index("cpu_throttled_pct")]) / THROTTLED_PCT


def restart_rule(x: Array) -> Array:
    """15 minutes over the minutes since the last restart; 0 where there was none in an hour."""
    restarted = _known(x[:, feature_index("restarts_1h")]) > 0
    minutes = x[:, feature_index("minutes_since_restart")]
    # A container is never younger than a sample; without the floor one row would dwarf all.
    recency = RESTART_MINUTES / np.maximum(minutes, 0.25)
    return np.where(restarted, _known(recency), 0.0)


def static_rules(x: Array) -> Array:
    """The loudest of the three rules."""
    loudest: Array = np.maximum.reduce([memory_rule(x), throttling_rule(x), restart_rule(x)])
    return loudest


def memory_extrapolated(x: Array) -> Array:
    """``predict_linear`` by another name: the horizon over the minutes left until the limit."""
    minutes = x[:, feature_index("memory_minutes_to_limit")]
    return _known(HORIZON.total_seconds() / 60.0 / np.maximum(minutes, 0.25))


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

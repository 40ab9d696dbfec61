"""Features of memory, CPU and descriptors: what has a limit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from podforecast.domain.telemetry import HISTORY, WINDOW, Array
from podforecast.features.moment import LATEST, RECENT, Moment
from podforecast.features.recipes import (
    MIN_PAST_POINTS,
    PERCENT,
    PERCENT_PER_MINUTE,
    Recipe,
    above_past,
    above_siblings,
    average,
    growth,
    level,
    minutes_left,
    past_median,
)
from podforecast.features.siblings import others_median
from podforecast.features.windows import (
    NORMAL_MAD,
    largest_drop,
    maximum,
    mean,
    minutes_above,
    spread,
)

MEMORY, CPU = "memory_usage_ratio", "cpu_usage_ratio"
THROTTLED, DESCRIPTORS = "cpu_throttled_ratio", "open_fds_ratio"
SECONDS_PER_HOUR = 3600.0
CPU_AT_LIMIT = 0.9
"""A minute's rate seldom reads 1.0 even where the quota is used up: periods straddle samples."""
ANOMALOUS_DEVIATIONS = 6.0
"""So many robust standard deviations score 1."""
LEAST_SPREAD = 0.02
"""Share of the limit; a series that never moves must not turn its first wobble into an alarm."""
LEAST_RELATIVE_SPREAD = 0.05


def _leak_rate(moment: Moment) -> Array:
    return np.maximum(SECONDS_PER_HOUR * moment.line(MEMORY, HISTORY).slope, 0.0)


def _above_past_peak(moment: Moment) -> Array:
    before = moment.past(MEMORY)
    lived = np.where(moment.alive[:, : before.shape[1]], before, np.nan)
    return PERCENT * (moment.level(MEMORY) - maximum(lived))


def _largest_drop(moment: Moment) -> Array:
    return PERCENT * largest_drop(np.where(moment.alive, moment.history(MEMORY), np.nan))


def _growth_change(moment: Moment) -> Array:
    fast, slow = moment.line(MEMORY, WINDOW), moment.line(MEMORY, RECENT)
    return PERCENT_PER_MINUTE * (fast.slope - slow.slope)


def _versus_past(moment: Moment) -> Array:
    return PERCENT * (moment.level(MEMORY) - past_median(moment, MEMORY))


def _versus_siblings(moment: Moment) -> Array:
    own = moment.level(MEMORY)
    return PERCENT * (own - others_median(own, moment.group))


def _cpu_at_limit_minutes(moment: Moment) -> Array:
    return minutes_above(moment.history(CPU), moment.times, CPU_AT_LIMIT)


def _anomaly_score(moment: Moment) -> Array:
    deviations = [_deviation(moment, CPU), _deviation(moment, MEMORY)]
    return np.clip(np.fmax(*deviations) / ANOMALOUS_DEVIATIONS, 0.0, 1.0)


def _deviation(moment: Moment, signal: str) -> Array:
    """Robust standard deviations from the pod's own past, else from its siblings."""
    own = mean(moment.window(signal))
    past, group = moment.past(signal), moment.group
    usual, width = past_median(moment, signal), spread(past, min_points=MIN_PAST_POINTS)
    young = ~np.isfinite(usual)
    theirs = others_median(own, group)
    usual = np.where(young, theirs, usual)
    width = np.where(young, NORMAL_MAD * others_median(np.abs(own - theirs), group), width)
    floor = np.maximum(LEAST_SPREAD, LEAST_RELATIVE_SPREAD * usual)
    return np.abs(own - usual) / np.fmax(width, floor)


MEMORY_FEATURES: Mapping[str, Recipe] = {
    "memory_usage_pct": level(MEMORY, PERCENT),
    "memory_leak_rate": _leak_rate,
    "memory_growth_3m": growth(MEMORY, PERCENT_PER_MINUTE, WINDOW),
    "memory_growth_10m": growth(MEMORY, PERCENT_PER_MINUTE),
    "memory_growth_steadiness": lambda moment: moment.line(MEMORY, RECENT).steadiness,
    "memory_growth_change": _growth_change,
    "memory_minutes_to_limit": minutes_left(MEMORY, RECENT),
    "memory_minutes_to_limit_3m": minutes_left(MEMORY, WINDOW),
    "memory_minutes_to_limit_1m": minutes_left(MEMORY, LATEST),
    "memory_peak_pct": lambda moment: PERCENT * maximum(moment.history(MEMORY)),
    "memory_above_past_peak": _above_past_peak,
    "memory_largest_drop": _largest_drop,
    "memory_vs_own_past": _versus_past,
    "memory_vs_siblings": _versus_siblings,
}
CPU_FEATURES: Mapping[str, Recipe] = {
    "cpu_usage_pct": average(CPU, PERCENT),
    "prometheus_anomaly_score": _anomaly_score,
    "cpu_throttled_pct": average(THROTTLED, PERCENT),
    "cpu_throttled_vs_own_past": above_past(THROTTLED, PERCENT),
    "cpu_growth_10m": growth(CPU, PERCENT_PER_MINUTE),
    "cpu_at_limit_minutes": _cpu_at_limit_minutes,
    "cpu_vs_own_past": above_past(CPU, PERCENT),
    "cpu_vs_siblings": above_siblings(CPU, PERCENT),
}
DESCRIPTOR_FEATURES: Mapping[str, Recipe] = {
    "open_fds_pct": level(DESCRIPTORS, PERCENT),
    "open_fds_growth_10m": growth(DESCRIPTORS, PERCENT_PER_MINUTE),
    "open_fds_minutes_to_limit": minutes_left(DESCRIPTORS, RECENT),
    "open_fds_minutes_to_limit_3m": minutes_left(DESCRIPTORS, WINDOW),
    "open_fds_minutes_to_limit_1m": minutes_left(DESCRIPTORS, LATEST),
}

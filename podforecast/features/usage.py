"""Features of memory, CPU and descriptors: what has a limit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import HISTORY, WINDOW, Array
from podforecast.features.moment import LATEST, MIN_PAST_POINTS, RECENT, Moment
from podforecast.features.recipes import (
    PERCENT,
    PERCENT_PER_MINUTE,
    Compared,
    Recipe,
    above_past,
    above_siblings,
    average,
    growth,
    level,
    minutes_left,
)
from podforecast.features.siblings import others_median
from podforecast.features.windows import (
    NORMAL_MAD,
    largest_drop,
    maximum,
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
    before = moment.lived(MEMORY, HISTORY)[:, : moment.last_columns(WINDOW).start]
    return PERCENT * (moment.level(MEMORY) - maximum(before))


def _largest_drop(moment: Moment) -> Array:
    return PERCENT * largest_drop(moment.lived(MEMORY, HISTORY))


def _growth_change(moment: Moment) -> Array:
    fast, slow = moment.line(MEMORY, WINDOW), moment.line(MEMORY, RECENT)
    return PERCENT_PER_MINUTE * (fast.slope - slow.slope)


def _versus_past(moment: Moment) -> Array:
    return PERCENT * (moment.level(MEMORY) - moment.past_median(MEMORY))


def _versus_siblings(group: Index, own: Array) -> Array:
    return PERCENT * (own - others_median(own, group))


def _cpu_at_limit_minutes(moment: Moment) -> Array:
    return moment.minutes_above(CPU, CPU_AT_LIMIT)


def _own_past(signal: str) -> tuple[Recipe, Recipe, Recipe]:
    """Where a pod is now, where it used to be, and how far it used to stray."""
    return (
        average(signal),
        lambda moment: moment.past_median(signal),
        lambda moment: spread(
            moment.past(signal),
            min_points=MIN_PAST_POINTS,
            centre=moment.past_median(signal),
        ),
    )


def _anomaly_score(group: Index, *parts: Array) -> Array:
    deviations = _deviation(group, *parts[:3]), _deviation(group, *parts[3:])
    return np.clip(np.fmax(*deviations) / ANOMALOUS_DEVIATIONS, 0.0, 1.0)


def _deviation(group: Index, own: Array, usual: Array, width: Array) -> Array:
    """Robust standard deviations from the pod's own past, else from its siblings."""
    young = ~np.isfinite(usual)
    if young.any():
        theirs = others_median(own, group)
        usual = np.where(young, theirs, usual)
        strays = others_median(np.abs(own - theirs), group)
        width = np.where(young, NORMAL_MAD * strays, width)
    floor = np.maximum(LEAST_SPREAD, LEAST_RELATIVE_SPREAD * usual)
    return np.abs(own - usual) / np.fmax(width, floor)


MEMORY_FEATURES: Mapping[str, Recipe | Compared] = {
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
    "memory_vs_siblings": Compared((level(MEMORY, 1.0),), _versus_siblings),
}
CPU_FEATURES: Mapping[str, Recipe | Compared] = {
    "cpu_usage_pct": average(CPU, PERCENT),
    "prometheus_anomaly_score": Compared((*_own_past(CPU), *_own_past(MEMORY)), _anomaly_score),
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

"""What remedies may speak of: the pod's own numbers and its name, as text."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.sentences import number, plain

Facts = Mapping[str, str]
"""Only what is known."""

HEADROOM = 0.8
"""Share of a new limit that the peak may take: room for one peak a quarter higher."""
_MINUTES = ("memory_minutes_to_limit", "memory_minutes_to_limit_3m", "memory_minutes_to_limit_1m")


def facts(row: Array, pod: PodAddress) -> Facts:
    """Everything known about a pod, by the names that texts use.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    """
    return {**_numbers(row), **_memory(row), **_replicas(row), **_names(pod)}


def _numbers(row: Array) -> Facts:
    return {
        feature.name: number(feature, float(value))
        for feature, value in zip(CATALOGUE, row, strict=True)
        if not (feature.categories or math.isnan(value))
    }


def _memory(row: Array) -> Facts:
    found = {}
    if not math.isnan(peak := memory_peak(row)):
        found["memory_peak"] = plain(peak)
        found["memory_limit_factor"] = plain(memory_limit_factor(peak))
    if not math.isnan(minutes := minutes_to_limit(row)):
        found["minutes_to_limit"] = plain(max(1.0, round(minutes)))
    return found


def memory_peak(row: Array) -> float:
    """Highest known use of memory, in % of its limit; NaN if none is known."""
    now, before = (row[feature_index(name)] for name in ("memory_usage_pct", "memory_peak_pct"))
    return float(np.fmax(now, before))


def memory_limit_factor(peak_pct: float) -> float:
    """How many times the present limit leaves headroom above a peak, rounded up to a tenth.

    >>> memory_limit_factor(98.5)
    1.3
    """
    return math.ceil(peak_pct / HEADROOM / 10.0) / 10.0


def minutes_to_limit(row: Array) -> float:
    """Minutes until memory is full at its fastest known pace; NaN when that is far or unknown."""
    near = [
        float(row[column])
        for column in map(feature_index, _MINUTES)
        if row[column] < CATALOGUE[column].high
    ]
    return min(near, default=_at_the_pace_of_the_hour(row))


def _at_the_pace_of_the_hour(row: Array) -> float:
    room = 1.0 - float(row[feature_index("memory_usage_pct")]) / 100.0
    per_hour = float(row[feature_index("memory_leak_rate")])
    minutes = 60.0 * room / per_hour if per_hour > 0 else math.nan
    return minutes if 0 < minutes < 120.0 else math.nan


def _replicas(row: Array) -> Facts:
    replicas = row[feature_index("replica_count")]
    return {} if math.isnan(replicas) else {"one_more_replica": f"{replicas + 1:.0f}"}


def _names(pod: PodAddress) -> Facts:
    found = {"pod": pod.arguments, "in_namespace": f"{pod.in_namespace} ".lstrip()}
    if pod.deployment is not None:
        return {**found, "workload": f"deployment/{pod.deployment}"}
    lookup = f"kubectl describe pod {pod.arguments} | grep Controlled   # KIND/NAME"
    return {**found, "workload": "KIND/NAME", "owner_lookup": lookup}

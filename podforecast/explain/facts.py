"""What remedies may speak of: the pod's own numbers and its name, as text."""

from __future__ import annotations

import math
from collections.abc import Mapping

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.memory_limits import MemoryRaise, needed_pct
from podforecast.explain.sentences import number, plain

Facts = Mapping[str, str]
"""Only what is known."""

_MINUTES = ("memory_minutes_to_limit", "memory_minutes_to_limit_3m", "memory_minutes_to_limit_1m")


def facts(row: Array, pod: PodAddress, raised: MemoryRaise | None = None) -> Facts:
    """Everything known about a pod, by the names that texts use.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    raised
        The memory limit that would do; None for the one that follows from the row.
    """
    known = {**_numbers(row), **_memory(row), **_replicas(row), **_names(pod)}
    raised = MemoryRaise.of(row) if raised is None else raised
    return known if raised is None else {**known, "raise_memory": raised.words}


def _numbers(row: Array) -> Facts:
    return {
        feature.name: number(feature, float(value))
        for feature, value in zip(CATALOGUE, row, strict=True)
        if not (feature.categories or math.isnan(value))
    }


def _memory(row: Array) -> Facts:
    found = {}
    if not math.isnan(peak := needed_pct(row)):
        found["memory_peak"] = plain(peak)
    if not math.isnan(minutes := minutes_to_limit(row)):
        found["minutes_to_limit"] = plain(max(1.0, round(minutes)))
    return found


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

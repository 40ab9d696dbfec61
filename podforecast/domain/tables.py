"""Tables of features: one to be scored, and one that also knows what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import Array

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """Features of all pods of a block at its last sample."""

    pods: tuple[PodRef, ...]
    workloads: tuple[str, ...]
    at: float
    """Unix seconds of the last sample."""
    values: Array
    """Catalogue order, NaN = unknown; shape (n_pods, n_features)."""
    coverage: Array
    """Share of the window's CPU and memory samples that are there, in [0, 1]; (n_pods,)."""
    failing: Mask
    """The pod is down, backing off or not started now: shown, not scored; (n_pods,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Rows of features with what happened in the horizon after each.

    All arrays have one entry per row. Only rows that may be scored are in it: pods already
    failing, rows with too little coverage and the censored end of a recording are left out.
    """

    x: Array
    """Features, shape (n_rows, n_features)."""
    y: NDArray[np.int8]
    """1 where a failure of the pod begins in (t, t + horizon]."""
    time: Array
    """Unix seconds."""
    pod: Index
    """Index into ``pods``."""
    workload: Index
    """Index into ``workloads``."""
    campaign: Index
    """Index into ``campaigns``."""
    failure: Index
    """Index into ``failures`` of the failure the row announces; -1 where ``y`` is 0."""
    pods: tuple[str, ...]
    """``campaign/namespace/name``."""
    workloads: tuple[str, ...]
    """``campaign/namespace/name``."""
    campaigns: tuple[str, ...]
    failures: tuple[Failure, ...]
    """All failures of the recordings, also those that no row announces."""
    failure_pod: Index
    """Index into ``pods`` of each failure, shape (n_failures,)."""
    step_seconds: float
    """Distance of two rows of a pod; turns rows into pod-hours."""

    def __len__(self) -> int:
        return len(self.y)

    @property
    def pod_hours(self) -> float:
        """Usable observation time of all rows together."""
        return len(self) * self.step_seconds / 3600.0

    def rows(self, chosen: Mask | Index) -> Dataset:
        """The chosen rows; names and failures stay whole, so indices go on being valid."""
        per_row = {"x", "y", "time", "pod", "workload", "campaign", "failure"}
        return Dataset(
            **{
                f.name: getattr(self, f.name)[chosen]
                if f.name in per_row
                else getattr(self, f.name)
                for f in fields(self)
            }
        )


def concatenate(parts: Sequence[Dataset]) -> Dataset:
    """Join datasets of different campaigns, re-basing every index.

    Raises
    ------
    ValueError
        If there is nothing to join, or the rows are not equally far apart.
    """
    if not parts or len({part.step_seconds for part in parts}) > 1:
        raise ValueError("expected datasets with one common step")
    pods = workloads = campaigns = failures = 0
    columns: dict[str, list[np.ndarray]] = {
        name: []
        for name in ("x", "y", "time", "pod", "workload", "campaign", "failure", "failure_pod")
    }
    for part in parts:
        for name, shift in (
            ("pod", pods),
            ("workload", workloads),
            ("campaign", campaigns),
            ("failure_pod", pods),
        ):
            columns[name].append(getattr(part, name) + shift)
        columns["failure"].append(np.where(part.failure >= 0, part.failure + failures, -1))
        for name in ("x", "y", "time"):
            columns[name].append(getattr(part, name))
        pods, workloads = pods + len(part.pods), workloads + len(part.workloads)
        campaigns, failures = campaigns + len(part.campaigns), failures + len(part.failures)
    return Dataset(
        **{name: np.concatenate(arrays) for name, arrays in columns.items()},
        pods=tuple(name for part in parts for name in part.pods),
        workloads=tuple(name for part in parts for name in part.workloads),
        campaigns=tuple(name for part in parts for name in part.campaigns),
        failures=tuple(failure for part in parts for failure in part.failures),
        step_seconds=parts[0].step_seconds,
    )

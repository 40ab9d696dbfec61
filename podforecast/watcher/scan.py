"""One scan: what was forecast for every pod at one moment, kept small enough to keep many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podforecast.domain.catalogue import feature_index
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import FeatureTable, Index, Mask
from podforecast.domain.telemetry import WINDOW, Array, TelemetryBlock
from podforecast.model.labels import scorable
from podforecast.model.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Drawn:
    """A feature that is drawn on a pod's timeline."""

    feature: str
    name: str
    label: str
    unit: str
    factor: float = 1.0
    """From the feature's unit to the one that is drawn."""
    limit: float | None = None

    @property
    def column(self) -> int:
        return feature_index(self.feature)


DRAWN: tuple[Drawn, ...] = (
    Drawn("memory_usage_pct", "memory_usage_pct", "Memory", "% of limit", limit=100.0),
    Drawn("cpu_usage_pct", "cpu_usage_pct", "CPU", "% of limit", limit=100.0),
    Drawn("request_latency_ms", "request_latency_ms", "Response time, 95th percentile", "ms"),
    Drawn("server_error_share", "server_error_pct", "Server errors", "% of answers", factor=100.0),
    Drawn("open_fds_pct", "open_fds_pct", "Open files", "% of limit", limit=100.0),
    Drawn("restart_count_24h", "restart_count_24h", "Restarts in 24 hours", "count"),
)
"""Each tells another way to fail: memory leak, CPU, slow dependency, errors, connection leak."""
_COLUMNS = np.array([drawn.column for drawn in DRAWN])
_FACTORS = np.array([drawn.factor for drawn in DRAWN])


class PodIndex:
    """Pods of a scan with their rows; scans of the same pods share one."""

    def __init__(self, pods: tuple[PodRef, ...], workloads: tuple[str, ...]) -> None:
        self.pods = pods
        self.workloads = workloads
        self._row_of = {pod: row for row, pod in enumerate(pods)}

    def row(self, pod: PodRef) -> int | None:
        """Row of a pod; None where the scan has not seen it."""
        return self._row_of.get(pod)

    def rows_of(self, pods: tuple[PodRef, ...]) -> Index:
        """Rows of some pods, -1 where the scan has not seen one."""
        return np.array([self._row_of.get(pod, -1) for pod in pods], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was forecast at one moment. Arrays have one row per pod of the index."""

    at: float
    """Unix seconds of the newest sample."""
    index: PodIndex
    probability: Array
    """NaN where the pod is failing or too little of it is known, (n_pods,)."""
    at_risk: Mask
    """By the threshold of the model that made the forecast."""
    failing: Mask
    coverage: Array
    drawn: Array
    """Values of ``DRAWN`` in their units, NaN = unknown, shape (n_pods, len(DRAWN))."""


def present(block: TelemetryBlock) -> Mask:
    """Tell which pods were seen at all within the window, (n_pods,).

    Those that were not are gone: a replaced pod is not one with too little data.
    """
    earliest = block.times[-1] - WINDOW.total_seconds()
    first = int(np.searchsorted(block.times, earliest))
    seen = np.zeros(len(block.pods), dtype=np.bool_)
    # Most pods are seen in the first signal; the others have to be looked for in the next.
    unseen = np.arange(len(seen))
    for values in block.signals.values():
        seen[unseen] = np.isfinite(values[unseen, first:]).any(axis=1)
        unseen = np.flatnonzero(~seen)
    return seen


def only(table: FeatureTable, rows: Mask) -> FeatureTable:
    """The chosen rows of a table."""
    if rows.all():
        return table
    chosen = np.flatnonzero(rows)
    return FeatureTable(
        pods=tuple(table.pods[row] for row in chosen),
        workloads=tuple(table.workloads[row] for row in chosen),
        at=table.at,
        values=table.values[chosen],
        coverage=table.coverage[chosen],
        failing=table.failing[chosen],
    )


def scan(table: FeatureTable, model: Scorer, *, before: Scan | None = None) -> Scan:
    """Score the rows of a table that may be scored.

    Parameters
    ----------
    table
        Features of the pods that are there.
    model
        Scores them.
    before
        An earlier scan, whose index is kept where the pods are the same.
    """
    known = scorable(table)
    probability = np.full(len(table.pods), np.nan)
    if known.any():
        probability[known] = model.score(table.values[known])
    same = before is not None and before.index.pods == table.pods
    return Scan(
        at=table.at,
        index=before.index if before and same else PodIndex(table.pods, table.workloads),
        probability=probability,
        at_risk=known & (probability >= model.threshold),
        failing=table.failing,
        coverage=table.coverage,
        drawn=table.values[:, _COLUMNS] * _FACTORS,
    )

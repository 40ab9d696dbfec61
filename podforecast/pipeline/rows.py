"""Rows of a data set, while they are collected and once all are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.statuses import Codes, StatusRows
from podforecast.domain.tables import Dataset, FeatureTable, Index, Mask
from podforecast.domain.telemetry import Array, TelemetryBlock
from podforecast.model.labels import onset_labels


class Rows:
    """Rows while they are collected: features, pods, samples and weights."""

    def __init__(self) -> None:
        self._tables = [np.empty((0, len(FEATURE_NAMES)))]
        self._pods, self._columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        self._weights = [np.empty(0)]

    def add(
        self, table: FeatureTable, chosen: Mask, column: int, *, weight: Array | None = None
    ) -> None:
        rows = np.flatnonzero(chosen)
        self._tables.append(table.values[rows])
        self._pods.append(rows)
        self._columns.append(np.full(len(rows), column))
        self._weights.append(np.ones(len(rows)) if weight is None else weight[rows])

    @property
    def x(self) -> Array:
        return np.concatenate(self._tables)

    @property
    def weight(self) -> Array:
        return np.concatenate(self._weights)

    @property
    def place(self) -> tuple[Index, Index]:
        """Pod and sample of each row."""
        return np.concatenate(self._pods), np.concatenate(self._columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Numbers of a recording's pods and workloads, and the times of its samples."""

    recording: str
    failures: tuple[Failure, ...]
    pods: Mapping[PodRef, int]
    """Pods of the block, then those that failed before they were ever scraped."""
    workloads: Mapping[str, int]
    workload_of_pod: Index
    times: Array

    @classmethod
    def of(cls, recording: str, block: TelemetryBlock, failures: Sequence[Failure]) -> Names:
        pods = dict.fromkeys([*block.pods, *(failure.pod for failure in failures)])
        workloads = {name: i for i, name in enumerate(dict.fromkeys(block.workloads))}
        return cls(
            recording=recording,
            failures=tuple(failures),
            pods={pod: index for index, pod in enumerate(pods)},
            workloads=workloads,
            workload_of_pod=np.array([workloads[w] for w in block.workloads], dtype=np.int64),
            times=block.times,
        )

    def prefixed(self, names: Iterable[object]) -> tuple[str, ...]:
        """Tell names of this recording from the same ones of others."""
        return tuple(f"{self.recording}/{name}" for name in names)


def onsets_of(rows: Rows, names: Names, announced: Index, *, step: timedelta) -> Dataset:
    """Label rows by the failure that begins within their horizon.

    Parameters
    ----------
    announced
        Place of that failure among ``names.failures``, -1 = none; (n_pods, n_times).
    """
    pod, column = rows.place
    failure = announced[pod, column]
    return Dataset(
        x=rows.x,
        y=onset_labels(failure),
        time=names.times[column],
        pod=pod,
        workload=names.workload_of_pod[pod],
        campaign=np.zeros(len(failure), dtype=np.int64),
        failure=failure,
        pods=names.prefixed(names.pods),
        workloads=names.prefixed(names.workloads),
        campaigns=(names.recording,),
        failures=names.failures,
        failure_pod=np.array([names.pods[f.pod] for f in names.failures], dtype=np.int64),
        step_seconds=step.total_seconds(),
    )


def statuses_of(rows: Rows, names: Names, *, now: Codes, later: Codes) -> StatusRows:
    """Label rows by the status of their pod then, and a horizon later; codes (n_pods, n_times)."""
    pod, column = rows.place
    return StatusRows(
        x=rows.x.astype(np.float32),
        now=now[pod, column],
        later=later[pod, column],
        time=names.times[column],
        pod=pod,
        workload=names.workload_of_pod[pod],
        campaign=np.zeros(len(pod), dtype=np.int64),
        weight=rows.weight,
        pods=names.prefixed(names.pods),
        workloads=names.prefixed(names.workloads),
        campaigns=(names.recording,),
    )

"""Walks through a stretch as the watcher would have: a score per pod and moment, nothing kept.

Features are built, scored by the model and the rules, and dropped, so that memory holds a few
numbers per row however many features there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Dataset, FeatureTable, Index, Mask
from podforecast.domain.telemetry import (
    HISTORY,
    HORIZON,
    STEP,
    Array,
    TelemetryBlock,
    TelemetrySource,
)
from podforecast.errors import DataUnusable
from podforecast.evaluation.backtest.stretch import Stretch
from podforecast.features.build import SIGNALS_READ
from podforecast.model.labels import announced_failures, just_failed, scorable
from podforecast.pipeline.walk import feature_tables

MOST_ROWS = 5_000_000
"""Some 500 MB of scores."""

Scores = Callable[[Array], Array]
"""From features, (n_rows, n_features), to scores, (n_rows,)."""
Progress = Callable[[int, int], None]
Kind = TypeVar("Kind", bound=np.generic, covariant=True)


class _PerMoment(Protocol[Kind]):
    def __call__(
        self, times: Array, pods: Sequence[PodRef], failures: Sequence[Failure], /
    ) -> NDArray[Kind]: ...


@dataclass(slots=True)
class LeftOut:
    """Rows, one per pod and moment, that were not judged, by reason."""

    failing: int = 0
    """The pod was down already."""
    too_little_data: int = 0
    """Less than 60 % of the window's CPU and memory samples."""
    just_failed: int = 0
    """It failed a moment ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Rows without features: what was said of them, and what happened."""

    dataset: Dataset
    """Its ``x`` has no columns."""
    scores: Mapping[str, Array]
    """By method, (n_rows,)."""
    left_out: LeftOut


def walk(
    source: TelemetrySource,
    stretch: Stretch,
    failures: Sequence[Failure],
    methods: Mapping[str, Scores],
    *,
    pods: int,
    progress: Progress = lambda *_: None,
) -> Walked:
    """Score every pod that may be scored at every moment of a stretch.

    Parameters
    ----------
    failures
        All that may be announced, in order of time.
    methods
        What scores, by name.
    pods
        At a time: what decides how much is read at once.
    progress
        Told of moments done and moments in all.

    Raises
    ------
    DataUnusable
        If no pod could be scored, or there would be too many rows to keep.
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
    """
    if pods * stretch.moments > MOST_ROWS:
        raise DataUnusable(
            f"{pods} pods at {stretch.moments} moments are {pods * stretch.moments:,} forecasts,"
            f" more than the {MOST_ROWS:,} that are kept in memory",
            hint="Look less often with --every 60, or at a shorter stretch.",
        )
    rows, done = _Rows(failures, methods), 0
    for first, last in stretch.pieces(pods):
        block = source.read(SIGNALS_READ, start=first - HISTORY, end=last)
        for table in _moments(block, stretch, first.timestamp()):
            rows.add(table, block)
            done += 1
            progress(done, stretch.moments)
    if not rows.counted:
        raise DataUnusable(
            f"no pod could be scored between {stretch.start:%Y-%m-%d %H:%M} and"
            f" {stretch.end:%Y-%m-%d %H:%M} UTC",
            hint="`python -m podforecast doctor` says what this Prometheus lacks.",
        )
    return rows.walked(stretch)


def _moments(block: TelemetryBlock, stretch: Stretch, first: float) -> Iterator[FeatureTable]:
    begin = int(np.searchsorted(block.times, first - STEP.total_seconds() / 2))
    return feature_tables(block, first=begin, every=stretch.every // STEP)


@dataclass(slots=True)
class _Rows:
    """Grows by a moment at a time."""

    failures: Sequence[Failure]
    methods: Mapping[str, Scores]
    left_out: LeftOut = field(default_factory=LeftOut)
    counted: int = 0
    pods: dict[str, int] = field(default_factory=dict)
    workloads: dict[str, int] = field(default_factory=dict)
    columns: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def add(self, table: FeatureTable, block: TelemetryBlock) -> None:
        near = self._near(table.at)
        failures = [self.failures[k] for k in near]
        able, aftermath = scorable(table), _at_once(just_failed, table, failures)
        self._leave_out(table, able, aftermath)
        rows = np.flatnonzero(able & ~aftermath)
        self.counted += len(rows)
        announced = _at_once(announced_failures, table, failures)[rows]
        self._put("failure", np.where(announced >= 0, np.append(near, -1)[announced], -1))
        self._put("time", np.full(len(rows), table.at))
        self._put("pod", _numbered(self.pods, [str(block.pods[row]) for row in rows]))
        self._put("workload", _numbered(self.workloads, [block.workloads[row] for row in rows]))
        for name, score in self.methods.items():
            scored = score(table.values[rows]) if len(rows) else np.empty(0)
            self._put(f"score {name}", scored)

    def _leave_out(self, table: FeatureTable, able: Mask, aftermath: Mask) -> None:
        seen = table.coverage > 0
        self.left_out.failing += int((table.failing & seen).sum())
        self.left_out.too_little_data += int((~able & ~table.failing & seen).sum())
        self.left_out.just_failed += int((able & aftermath).sum())

    def _near(self, at: float) -> Index:
        """Failures that a moment may announce or follow."""
        times = np.array([failure.at for failure in self.failures], dtype=np.float64)
        return np.flatnonzero(np.abs(times - at) <= HORIZON.total_seconds())

    def _put(self, name: str, values: np.ndarray) -> None:
        self.columns.setdefault(name, []).append(values)

    def walked(self, stretch: Stretch) -> Walked:
        columns = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        failure_pod = _numbered(self.pods, [str(failure.pod) for failure in self.failures])
        dataset = Dataset(
            x=np.empty((self.counted, 0)),
            y=(columns["failure"] >= 0).astype(np.int8),
            time=columns["time"],
            pod=columns["pod"],
            workload=columns["workload"],
            campaign=np.zeros(self.counted, dtype=np.int64),
            failure=columns["failure"].astype(np.int64),
            pods=tuple(self.pods),
            workloads=tuple(self.workloads),
            campaigns=("history",),
            failures=tuple(self.failures),
            failure_pod=failure_pod,
            step_seconds=stretch.every.total_seconds(),
        )
        scores = {name: columns[f"score {name}"] for name in self.methods}
        return Walked(dataset=dataset, scores=scores, left_out=self.left_out)


def _at_once(
    of: _PerMoment[Kind], table: FeatureTable, failures: Sequence[Failure]
) -> NDArray[Kind]:
    """Ask about all pods at one moment, (n_pods,)."""
    found: NDArray[Kind] = of(np.array([table.at]), table.pods, failures)[:, 0]
    return found


def _numbered(numbers: dict[str, int], names: Sequence[str]) -> Index:
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)

"""The last hour of every signal of every pod, kept between two scans.

Samples are counted from the epoch in steps of the grid: sample ``n`` is of ``15 n`` Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import HISTORY, STEP, Array, TelemetryBlock
from podforecast.telemetry.pod_table import PodTable

STEP_SECONDS = STEP.total_seconds()
DEPTH = HISTORY // STEP + 1
"""Samples of an hour, both ends included: 241."""
SLACK = 40
"""Room after the newest sample. A row moves to its front once in ten minutes instead of at every
scan, and in between what is read is a view of it."""
SPARE = 4
"""One part in so many of the rows is held ready for new pods."""
ROWS_AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Points of some signals, as parallel arrays of shape (n_points,)."""

    signals: tuple[str, ...]
    signal: Index
    """Into ``signals``."""
    pod: Index
    """Number in the ring's ``table``."""
    sample: Index
    """Number of the sample on the grid."""
    values: Array
    """NaN = unknown."""


class Ring:
    """Rows of samples, one per pod and signal.

    Pods are in the order in which they came, those that came together in order of their names: a
    large cluster has new ones in every scan, and to make room in between would be to copy
    everything. A pod takes ``8 * (DEPTH + SLACK)`` bytes per signal that any pod has, at most
    70 kB, and up to a quarter of that is held ready for those to come. Pods of which nothing was
    seen for an hour are dropped when rows move.
    """

    def __init__(self) -> None:
        self.table = PodTable()
        """Gives pods their numbers; another one when pods are dropped."""
        self._pods: tuple[PodRef, ...] = ()
        self._workloads: list[str] = []
        self._row_of: Index = np.empty(0, np.int64)
        self._seen: Index = np.empty(0, np.int64)
        self._rows: dict[str, Array] = {}
        self._room = 0
        self._base = 0
        self._newest = -1

    @property
    def newest(self) -> int:
        """Number of the newest sample; -1 before the first."""
        return self._newest

    @property
    def oldest(self) -> int:
        """Number of the oldest sample that is kept."""
        return self._newest - DEPTH + 1

    @property
    def pods(self) -> tuple[PodRef, ...]:
        """All that have a row."""
        return self._pods

    @property
    def nbytes(self) -> int:
        """What the samples take."""
        return sum(values.nbytes for values in self._rows.values())

    def advance(self, newest: int) -> None:
        """Make room up to a sample; what is older than an hour is forgotten."""
        if newest <= self._newest:
            return
        self._newest = newest
        if newest - self._base < DEPTH + SLACK:
            return
        shift = self.oldest - self._base
        kept = np.flatnonzero(self._seen >= self.oldest)
        for name, values in list(self._rows.items()):
            if not _move(values, kept, shift):
                del self._rows[name]
        self._base += shift
        if len(kept) < len(self._pods):
            self._keep(kept)

    def put(self, *several: Samples) -> None:
        """Enter samples; those before the oldest or after the newest are left out."""
        self._admit()
        for samples in several:
            known = (samples.sample >= self.oldest) & (samples.sample <= self._newest)
            known &= np.isfinite(samples.values)
            rows, columns = self._row_of[samples.pod], samples.sample - self._base
            for place, name in enumerate(samples.signals):
                chosen = np.flatnonzero(known & (samples.signal == place))
                if len(chosen):
                    self._signal(name)[rows[chosen], columns[chosen]] = samples.values[chosen]
            seen = np.flatnonzero(known)
            np.maximum.at(self._seen, rows[seen], samples.sample[seen])

    def own(self, workloads: Iterable[tuple[str, str, str]]) -> None:
        """Note namespace, pod and workload; pods without a row are left out."""
        for namespace, pod, workload in workloads:
            number = self.table.find(namespace, pod)
            if number is not None and number < len(self._row_of):
                self._workloads[self._row_of[number]] = f"{namespace}/{workload}"

    def ownerless(self, since: int) -> bool:
        """Tell whether a pod seen since then has no workload noted."""
        recent = np.flatnonzero(self._seen >= since).tolist()
        return any(not self._workloads[row] for row in recent)

    def block(self, signals: Sequence[str], first: int, last: int) -> TelemetryBlock:
        """Return samples as views: they are good until the next :meth:`advance` or :meth:`put`."""
        columns = slice(first - self._base, last - self._base + 1)
        return TelemetryBlock(
            pods=self._pods,
            workloads=tuple(
                name or str(pod) for name, pod in zip(self._workloads, self._pods, strict=True)
            ),
            times=STEP_SECONDS * np.arange(first, last + 1, dtype=np.float64),
            signals={
                name: self._rows[name][: len(self._pods), columns]
                for name in signals
                if name in self._rows
            },
        )

    def _signal(self, name: str) -> Array:
        found = self._rows.get(name)
        if found is None:
            found = self._rows[name] = np.full((self._room, DEPTH + SLACK), np.nan)
        return found

    def _admit(self) -> None:
        """Give a row to every new pod of the table, after those that are there."""
        known, pods = len(self._row_of), self.table.pods
        if known == len(pods):
            return
        order = sorted(range(known, len(pods)), key=pods.__getitem__)
        row_of = np.concatenate([self._row_of, np.empty(len(order), np.int64)])
        row_of[order] = np.arange(known, len(pods))
        self._row_of = row_of
        self._pods += tuple(pods[number] for number in order)
        self._seen = np.concatenate([self._seen, np.full(len(order), -1)])
        self._workloads += [""] * len(order)
        if len(pods) > self._room:
            self._resize(max(len(pods), self._room + self._room // SPARE), known)

    def _resize(self, room: int, known: int) -> None:
        for name in list(self._rows):
            old = self._rows.pop(name)
            new = np.empty((room, old.shape[1]))
            new[:known], new[known:] = old[:known], np.nan
            self._rows[name] = new
        self._room = room

    def _keep(self, rows: Index) -> None:
        """Drop the other pods; numbers are given anew."""
        self._pods = tuple(self._pods[row] for row in rows)
        self._workloads = [self._workloads[row] for row in rows]
        self._seen = self._seen[rows]
        self._row_of = np.arange(len(rows))
        self.table = PodTable(self._pods)
        if len(rows) < self._room // 2:
            self._resize(len(rows), len(rows))


def _move(values: Array, kept: Index, shift: int) -> bool:
    """Move rows that are kept so many columns to the front; tell whether a sample is left.

    In place, a part at a time: a second ring would not fit beside a large one.
    """
    width, any_left = max(values.shape[1] - shift, 0), False
    for first in range(0, len(kept), ROWS_AT_ONCE):
        rows = kept[first : first + ROWS_AT_ONCE]
        # Rows only ever move to the front, so that none is overwritten before it has moved.
        part = values[rows, values.shape[1] - width :]
        values[first : first + len(rows), :width] = part
        values[first : first + len(rows), width:] = np.nan
        any_left = any_left or bool(np.isfinite(part).any())
    values[len(kept) :] = np.nan
    return any_left

"""A campaign on disk: signals of all pods, ground truth, and facts about the run.

A recording is a folder:

==================== =======================================================================
``campaign.json``    facts: name, role, seed, mix, commit, machine, counts, grid
``signals.parquet``  a row per pod and time with any sample; a column per signal
``events.parquet``   what was done to the pods and what befell them
``series.parquet``   raw Prometheus series, see :mod:`podforecast.telemetry.raw_series`
==================== =======================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import Array, TelemetryBlock, time_grid
from podforecast.errors import DataUnusable
from podforecast.telemetry.columns import numbers, read_columns, texts
from podforecast.telemetry.events import failures_in, read_events, write_events

FACTS, SIGNALS, EVENTS, SERIES = (
    "campaign.json",
    "signals.parquet",
    "events.parquet",
    "series.parquet",
)
KEYS = ("time", "namespace", "pod", "workload")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A ``TelemetrySource`` that replays a campaign, and knows what happened in it."""

    name: str
    facts: Mapping[str, Any]
    """``campaign.json``."""
    failures: tuple[Failure, ...]
    """Onsets in order of time."""
    block: TelemetryBlock
    """All of it."""
    step: timedelta

    @classmethod
    def open(cls, folder: Path) -> Recording:
        """Read a recording; about a second and 50 MB for a campaign of 92 minutes.

        Raises
        ------
        DataUnusable
            If a file is missing or is not what it should be.
        """
        try:
            facts = orjson.loads((folder / FACTS).read_bytes())
            events = read_events(folder / EVENTS)
            step = timedelta(seconds=facts["step_seconds"])
            times = time_grid(_instant(facts["start"]), _instant(facts["end"]), step)
            block = _dense(folder / SIGNALS, times, step.total_seconds())
            name = str(facts["name"])
        except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
            raise DataUnusable(
                f"{folder} is not a recording: {error}",
                hint="It should hold campaign.json, signals.parquet and events.parquet.",
            ) from error
        return cls(name=name, facts=facts, failures=failures_in(events), block=block, step=step)

    @property
    def start(self) -> datetime:
        """Time of the first sample; aware, UTC."""
        return datetime.fromtimestamp(self.block.times[0], UTC)

    @property
    def end(self) -> datetime:
        """Time of the last sample; aware, UTC."""
        return datetime.fromtimestamp(self.block.times[-1], UTC)

    @property
    def pods(self) -> tuple[PodRef, ...]:
        """Every pod that was ever seen, sorted."""
        return self.block.pods

    def read(self, signals: Sequence[str], *, start: datetime, end: datetime) -> TelemetryBlock:
        """Return the signals of the pods that have any sample between ``start`` and ``end``.

        A time between two samples gets the earlier one, as it would from Prometheus; times
        outside of the recording are NaN.

        Raises
        ------
        ValueError
            If ``end`` is before ``start``.
        """
        if end < start:
            raise ValueError(f"the end {end} is before the start {start}")
        times = time_grid(start, end, self.step)
        step = self.step.total_seconds()
        index = np.floor((times - self.block.times[0]) / step + 1e-6).astype(np.int64)
        inside = (index >= 0) & (index < len(self.block.times))
        found = {
            name: _picked(self.block.signals[name], index, inside)
            for name in dict.fromkeys(signals)
            if name in self.block.signals
        }
        return _seen(found, self.block, times)


def _picked(values: Array, index: np.ndarray, inside: np.ndarray) -> Array:
    chosen = values[:, np.where(inside, index, 0)]
    chosen[:, ~inside] = np.nan
    return chosen


def _seen(found: Mapping[str, Array], block: TelemetryBlock, times: Array) -> TelemetryBlock:
    """Only the pods with a sample."""
    known = [np.isfinite(values).any(axis=1) for values in found.values()]
    seen = np.flatnonzero(np.any(known, axis=0)) if known else np.empty(0, np.int64)
    return TelemetryBlock(
        pods=tuple(block.pods[i] for i in seen),
        workloads=tuple(block.workloads[i] for i in seen),
        times=times,
        signals={name: values[seen] for name, values in found.items()},
    )


def write_recording(
    folder: Path,
    block: TelemetryBlock,
    events: Iterable[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> None:
    """Write a recording; values keep the seven digits of a float32.

    The name, the grid and its step are added to the facts where they are missing.

    Raises
    ------
    ValueError
        If a time is not a whole second, or the grid is not even.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_facts(folder, block, facts)
    write_events(folder / EVENTS, events)
    pq.write_table(
        _tidy(block),
        folder / SIGNALS,
        compression="zstd",
        compression_level=19,
        use_dictionary=list(KEYS),
        column_encoding=dict.fromkeys(block.signals, "BYTE_STREAM_SPLIT"),
        write_statistics=False,
    )


def write_facts(folder: Path, block: TelemetryBlock, facts: Mapping[str, Any]) -> None:
    """Write ``campaign.json`` alone; errors as in :func:`write_recording`."""
    steps = np.diff(block.times)
    if np.any(block.times % 1) or len(steps) == 0 or np.ptp(steps) > 0:
        raise ValueError("expected an even grid of whole seconds, two samples at least")
    described = {
        "name": folder.name,
        **facts,
        "start": _iso(block.times[0]),
        "end": _iso(block.times[-1]),
        "step_seconds": float(steps[0]),
    }
    (folder / FACTS).write_bytes(orjson.dumps(described, option=orjson.OPT_INDENT_2) + b"\n")


def _tidy(block: TelemetryBlock) -> pa.Table:
    """One row per pod and time with any sample, pod by pod."""
    known = np.zeros((len(block.pods), len(block.times)), np.bool_)
    for values in block.signals.values():
        known |= np.isfinite(values)
    pod, time = np.nonzero(known)

    def text(values: Sequence[str]) -> pa.DictionaryArray:
        unique, codes = np.unique(np.array(values, dtype=object), return_inverse=True)
        return pa.DictionaryArray.from_arrays(pa.array(codes[pod], pa.int32()), pa.array(unique))

    columns = {
        "time": pa.array(block.times[time].astype(np.int64)),
        "namespace": text([ref.namespace for ref in block.pods]),
        "pod": text([ref.name for ref in block.pods]),
        "workload": text(block.workloads),
    }
    for name, values in block.signals.items():
        columns[name] = pa.array(values[pod, time].astype(np.float32))
    return pa.table(columns)


def _dense(path: Path, times: Array, step: float) -> TelemetryBlock:
    table = read_columns(path, dictionaries=KEYS[1:])
    names, codes = zip(*(texts(table, key) for key in KEYS[1:]), strict=True)
    triples, pod = np.unique(np.stack(codes), axis=1, return_inverse=True)
    owners = [
        tuple(text[code] for text, code in zip(names, triple, strict=True)) for triple in triples.T
    ]
    order = sorted(range(len(owners)), key=owners.__getitem__)
    place = np.argsort(order)[pod]
    time = np.rint((numbers(table, "time") - times[0]) / step).astype(np.int64)
    signals = {}
    for name in table.column_names:
        if name not in KEYS:
            values = np.full((len(owners), len(times)), np.nan)
            values[place, time] = numbers(table, name)
            signals[name] = values
    return TelemetryBlock(
        pods=tuple(PodRef(*owners[i][:2]) for i in order),
        workloads=tuple(owners[i][2] for i in order),
        times=times,
        signals=signals,
    )


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return found


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()

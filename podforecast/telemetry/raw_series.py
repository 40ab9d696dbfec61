"""Raw series of a Prometheus in a file, to be written into another one.

A row is one sample. NaN stands for a staleness marker: the series ended there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from podforecast.domain.telemetry import Array
from podforecast.telemetry.columns import numbers, read_columns, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSeries:
    """One series with its samples as they were scraped."""

    name: str
    labels: Mapping[str, str]
    """Without the name."""
    time_ms: NDArray[np.int64]
    """Unix milliseconds, increasing."""
    values: Array


def write_series(path: Path, series: Iterable[RawSeries]) -> int:
    """Write series, sorted so that the file is the same for the same content; its bytes."""
    keyed = sorted(((each.name, _label_text(each.labels)), each) for each in series)
    lengths = [len(each.values) for _, each in keyed]
    index = np.repeat(np.arange(len(keyed)), lengths)
    table = pa.table(
        {
            "name": _repeated([key[0] for key, _ in keyed], index),
            "labels": _repeated([key[1] for key, _ in keyed], index),
            "time_ms": _joined([each.time_ms for _, each in keyed], np.int64),
            "value": _joined([each.values for _, each in keyed], np.float64),
        }
    )
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=["name", "labels"],
        column_encoding={"time_ms": "DELTA_BINARY_PACKED", "value": "BYTE_STREAM_SPLIT"},
        write_statistics=False,
    )
    return path.stat().st_size


def read_series(path: Path) -> Iterator[RawSeries]:
    """Read series back, one after the other."""
    table = read_columns(path, dictionaries=("name", "labels"))
    (names, name), (label_texts, labels) = texts(table, "name"), texts(table, "labels")
    time_ms = numbers(table, "time_ms").astype(np.int64)
    values = numbers(table, "value").astype(np.float64)
    codes = np.stack([name, labels])
    starts = np.flatnonzero(np.any(np.diff(codes, axis=1, prepend=-1) != 0, axis=0))
    stops = np.append(starts[1:], len(values))[: len(starts)]
    for start, stop in zip(starts, stops, strict=True):
        yield RawSeries(
            name=names[name[start]],
            labels=orjson.loads(label_texts[labels[start]]),
            time_ms=time_ms[start:stop],
            values=values[start:stop],
        )


def _label_text(labels: Mapping[str, str]) -> str:
    return orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS).decode()


def _repeated(values: list[str], index: NDArray[np.int64]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(index, pa.int32()), pa.array(values, pa.string())
    )


def _joined(arrays: list[NDArray[np.generic]], dtype: type[np.generic]) -> NDArray[np.generic]:
    return np.concatenate(arrays).astype(dtype) if arrays else np.empty(0, dtype)

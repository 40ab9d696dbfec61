"""Parquet files as tables, and their columns as arrays.

Read in a way that leaves pandas alone: its import costs a trainer 55 MB and a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


def read_columns(path: Path, *, dictionaries: Sequence[str]) -> pa.Table:
    """Read a file; the named text columns as codes into their distinct values."""
    return read_whole(path, dictionaries).unify_dictionaries().combine_chunks()


def read_whole(path: Path, dictionaries: Sequence[str] = ()) -> pa.Table:
    """Read a file in this thread: each of Arrow's own would keep a heap of some megabytes."""
    file = pq.ParquetFile(path, read_dictionary=list(dictionaries), pre_buffer=False)
    return file.read(use_threads=False)


def numbers(table: pa.Table, name: str) -> NDArray[np.generic]:
    """Return a column without nulls as an array, in its own type."""
    column = table[name].combine_chunks()
    return np.array(np.from_dlpack(column))


def texts(table: pa.Table, name: str) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct values of a text column, and the index of each row into them."""
    column = table[name].combine_chunks()
    return column.dictionary.to_pylist(), np.array(np.from_dlpack(column.indices), np.int64)

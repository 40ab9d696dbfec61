"""Columns of Arrow: numbers are taken as they are, texts after a look at their sizes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from podforecast.api_schema.predict import POD_ID_LENGTH
from podforecast.serving.batch.checking import Numbers, UnfitColumn
from podforecast.serving.batch.faults import Mask

MOST_TEXT_BYTES = 4 * POD_ID_LENGTH * 100_000
"""What a full batch with the longest names takes in UTF-8."""

_INTS_OF_A_VIEW = 4


class ArrowColumn:
    """One column of a table whose batches were validated."""

    def __init__(self, cells: pa.ChunkedArray) -> None:
        self._cells = cells

    def numbers(self) -> Numbers:
        """Read it as numbers: without a copy where it is of one batch, and of doubles."""
        kind = self._cells.type
        if not _is_number(kind):
            raise UnfitColumn(
                f"is a column of {kind}, not of numbers",
                hint="Cast it to float64, or to whole numbers for a count.",
            )
        cells = self._cells.cast(pa.float64(), safe=False)
        return Numbers(cells.to_numpy(), _unknown(cells))

    def categories(self, known: tuple[str, ...]) -> Numbers:
        """Read it as categories: the index of each."""
        texts = self._texts()
        index = pc.index_in(texts, pa.array(known, pa.string()))
        return Numbers(index.cast(pa.float64()).to_numpy(), _unknown(texts))

    def pod_ids(self) -> tuple[Any, Mask | None]:
        """Read it as names, and tell which are no names."""
        texts = self._texts()
        lengths = pc.utf8_length(texts).cast(pa.float64()).to_numpy()
        if lengths.min() >= 1 and lengths.max() <= POD_ID_LENGTH:
            return texts, None
        return texts, ~((lengths >= 1) & (lengths <= POD_ID_LENGTH))

    def sent(self, row: int) -> object:
        """Return one value as a client would write it in JSON."""
        value = self._cells[row].as_py()
        return float(value) if isinstance(value, Decimal) else value

    def _texts(self) -> pa.ChunkedArray:
        """Write out texts that are shared, by a dictionary or as views of one buffer."""
        kind = self._cells.type
        if types.is_null(kind):
            return self._cells.cast(pa.string())
        if not _is_text(kind.value_type if types.is_dictionary(kind) else kind):
            raise UnfitColumn(
                f"is a column of {kind}, not of texts",
                hint="Cast it to string, or to a dictionary of strings.",
            )
        size = sum(_text_bytes(chunk) for chunk in self._cells.chunks)
        if size > MOST_TEXT_BYTES:
            raise UnfitColumn(
                f"has texts of {size} bytes once written out, more than {MOST_TEXT_BYTES}",
                hint=f"A text has at most {POD_ID_LENGTH} characters.",
            )
        return pa.chunked_array([_written_out(chunk) for chunk in self._cells.chunks], pa.string())


def _is_number(kind: pa.DataType) -> bool:
    numbers = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return bool(numbers or types.is_null(kind))


def _is_text(kind: pa.DataType) -> bool:
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    return any(matches(kind) for matches in texts)


def _unknown(cells: pa.ChunkedArray) -> Mask | None:
    if not cells.null_count:
        return None
    unknown: Mask = cells.is_null().to_numpy()
    return unknown


def _text_bytes(chunk: pa.Array) -> int:
    if not types.is_dictionary(chunk.type):
        return _sum(_lengths(chunk))
    lengths = _lengths(chunk.dictionary)
    return max(_sum(lengths), _sum(lengths.take(chunk.indices)))


def _lengths(texts: pa.Array) -> pa.Array:
    """Bytes of each text, null where it is null."""
    if not types.is_string_view(texts.type):
        return pc.binary_length(texts)
    # Arrow counts no views. Each is of 16 bytes, of which the first four are the length.
    end = texts.offset + len(texts)
    views = np.frombuffer(texts.buffers()[1], np.int32, count=end * _INTS_OF_A_VIEW)
    lengths = views[::_INTS_OF_A_VIEW][texts.offset :]
    return pa.array(lengths, mask=texts.is_null().to_numpy(zero_copy_only=False))


def _sum(lengths: pa.Array) -> int:
    return int(pc.sum(lengths).as_py() or 0)


def _written_out(chunk: pa.Array) -> pa.Array:
    if types.is_dictionary(chunk.type):
        return chunk.dictionary.cast(pa.string()).take(chunk.indices)
    return chunk.cast(pa.string())

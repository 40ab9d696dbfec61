"""Batches in Arrow IPC. Imported when the first arrives: pyarrow takes a while to load."""

from __future__ import annotations

import struct
from collections import Counter

import pyarrow as pa

from podforecast.serving.batch.arrow_columns import ArrowColumn
from podforecast.serving.batch.arrow_framing import framed
from podforecast.serving.batch.checking import Columns, refuse_row_count
from podforecast.serving.batch.faults import Faults, refuse_body

_SHOWN_CHARACTERS = 200


def read_arrow(body: bytes, faults: Faults) -> Columns:
    """Read the columns of an Arrow stream or file.

    Raises
    ------
    InvalidBatch
        For a body that is no batch at all.
    """
    try:
        table = _table(body)
        names: list[str] = table.column_names
    except (pa.ArrowException, OSError, ValueError, struct.error) as error:
        reason = str(error).partition("\n")[0][:_SHOWN_CHARACTERS]
        refuse_body(
            f"is not Arrow: {reason}",
            "Write it with an Arrow library, as an IPC stream or file.",
        )
    for name, times in Counter(names).items():
        if times > 1:
            faults.column(name, "is there more than once", "Send each column once.")
    faults.refuse_any()
    named = {name: ArrowColumn(table.column(name)) for name in names}
    return Columns(rows=table.num_rows, named=named)


def _table(body: bytes) -> pa.Table:
    """Read every batch and check it through: offsets and indices of a stranger lead anywhere."""
    with pa.ipc.open_stream(framed(body)) as reader:
        batches = [*reader]
        refuse_row_count(sum(batch.num_rows for batch in batches))
        for batch in batches:
            batch.validate(full=True)
        return pa.Table.from_batches(batches, schema=reader.schema)

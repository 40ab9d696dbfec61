"""What an Arrow body is made of, looked at before anything in it is decoded.

A compressed buffer of a few kilobytes can become gigabytes, and a stream that was cut off between
two messages reads like a shorter one. Arrow's reader stops neither, so this does.
"""

from __future__ import annotations

from struct import unpack_from

import pyarrow as pa

from podforecast.serving.batch.faults import refuse_body

MOST_SCHEMA_BYTES = 1024 * 1024
"""A schema of all fields takes about 5 kB; pandas adds as much."""
MOST_MESSAGES = 1000
"""Batches of 100 rows and more; each costs some kilobytes apart from its rows."""

FILE_MAGIC = b"ARROW1"
_FILE_START = 8
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_CONTINUATION = 0xFFFFFFFF

# Places of fields in Arrow's Message.fbs, counted from 0.
_HEADER = 2
_DATA = 1
_COMPRESSION = 3
_DICTIONARY_BATCH = "dictionary"
_BATCHES = ("record batch", _DICTIONARY_BATCH)


def framed(body: bytes) -> pa.Buffer:
    """Return the stream of messages in a body, which an Arrow file holds as well.

    Raises
    ------
    InvalidBatch
        If the body is cut off, compressed, or made of very many or very large messages.
    pa.ArrowException, OSError, ValueError, struct.error
        If it is not Arrow.
    """
    stream = pa.py_buffer(body)
    if body.startswith(FILE_MAGIC):
        if not body.endswith(FILE_MAGIC):
            refuse_body("ends before the end of its Arrow file", _CUT_OFF)
        stream = stream[_FILE_START:]
    _refuse_large_schema(stream)
    end = _end_of_messages(stream)
    if bytes(stream[max(0, end - len(_END_OF_STREAM)) : end]) != _END_OF_STREAM:
        refuse_body("ends before the end of its Arrow stream", _CUT_OFF)
    if end != stream.size and not body.startswith(FILE_MAGIC):
        refuse_body(
            f"has {stream.size - end} bytes after the end of its Arrow stream",
            "Send one stream in a request.",
        )
    return stream[:end]


_CUT_OFF = "Close the writer before sending what it wrote, and send all of it."


def _refuse_large_schema(stream: pa.Buffer) -> None:
    continuation, size = unpack_from("<II", stream)
    if continuation == _CONTINUATION and size > MOST_SCHEMA_BYTES:
        refuse_body(
            f"has a schema of {size} bytes, more than {MOST_SCHEMA_BYTES}",
            "Send the columns of this request, without other metadata.",
        )


def _end_of_messages(stream: pa.Buffer) -> int:
    source = pa.BufferReader(stream)
    for count, message in enumerate(pa.ipc.MessageReader.open_stream(source), start=1):
        if count > MOST_MESSAGES:
            refuse_body(
                f"has more than {MOST_MESSAGES} Arrow messages",
                "Write more rows in one record batch.",
            )
        if message.type in _BATCHES and _is_compressed(message):
            refuse_body(
                "has compressed Arrow buffers",
                "Write it without compression (pyarrow: compression=None; pandas: "
                'to_feather(…, compression="uncompressed")).',
            )
    return int(source.tell())


def _is_compressed(message: pa.Message) -> bool:
    """Tell whether a record batch, or the one inside of a dictionary, names a compression."""
    metadata = message.metadata
    (root,) = unpack_from("<I", metadata)
    batch = _pointed_to(metadata, root, _HEADER)
    if message.type == _DICTIONARY_BATCH:
        batch = _pointed_to(metadata, batch, _DATA)
    return _place(metadata, batch, _COMPRESSION) != 0


def _pointed_to(metadata: pa.Buffer, table: int, field: int) -> int:
    place = table + _place(metadata, table, field)
    (offset,) = unpack_from("<I", metadata, place)
    return int(place + offset)


def _place(metadata: pa.Buffer, table: int, field: int) -> int:
    """Offset of a field from its FlatBuffers table; 0 where it is left out."""
    (to_layout,) = unpack_from("<i", metadata, table)
    layout = table - to_layout
    (size,) = unpack_from("<H", metadata, layout)
    entry = 4 + 2 * field
    if entry >= size:
        return 0
    (place,) = unpack_from("<H", metadata, layout + entry)
    return int(place)

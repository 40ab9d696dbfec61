"""POST /predict/batch: bodies and formats that are refused; nothing is scored then."""

from __future__ import annotations

import contextlib
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podforecast.api_schema.batch import ARROW_FILE, ARROW_STREAM, JSON, MAX_ROWS
from podforecast.api_schema.predict import EXAMPLE
from podforecast.serving.batch.arrow_bodies import read_arrow
from podforecast.serving.batch.checking import checked
from podforecast.serving.batch.faults import Faults, InvalidBatch
from podforecast.serving.batch.json_bodies import TRUSTED_BYTES
from tests.api.batch_bodies import (
    BODIES,
    PROBLEM,
    faults,
    file,
    post,
    post_table,
    rows_body,
    stream,
    table_of,
    whole_body,
)

pytestmark = pytest.mark.usefixtures("nothing_is_scored")


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            pytest.param(b"", "is not JSON: EOF", id="empty"),
            pytest.param(b"[{]", "is not JSON: ", id="broken"),
            pytest.param(b'[{"pod_id": "x"},', "is not JSON: EOF", id="truncated"),
            pytest.param(b'[{"pod_id": "\xff"}]', "is not JSON: ", id="latin-1"),
            pytest.param('[{"pod_id": "x"}]'.encode("utf-16"), "is not JSON: ", id="utf-16"),
            pytest.param(rb'[{"pod_id": "\ud800"}]', "is not JSON: ", id="lone-surrogate"),
            pytest.param(b"[" * 5000, "is not JSON: recursion limit", id="deeply-nested"),
            pytest.param(b"[" + b"9" * 5000 + b"]", "is not JSON: number", id="endless-number"),
            pytest.param(b"7", "must be an array of pods or an object of columns", id="number"),
            pytest.param(b"null", "must be an array of pods", id="null"),
            pytest.param(b"[]", "has no rows", id="no-rows"),
            pytest.param(b"{}", "has no rows", id="no-columns"),
            pytest.param(b'{"pod_id": []}', "has no rows", id="empty-columns"),
            pytest.param(b'{"pod_id": "x"}', "is one pod, not an object of columns", id="one-pod"),
        ],
    )
    async def test_what_is_no_batch_in_json_is_refused(self, client, body, message):
        found, hint = whole_body(await post(client, body))
        assert found.startswith(message)
        assert hint

    async def test_rows_that_are_no_objects_are_named(self, client, example):
        answer = await post(client, rows_body([example, 3, None, [example], "x"]))
        assert faults(answer) == {
            (1, "(row)"): "must be an object, not a number",
            (2, "(row)"): "must be an object, not null",
            (3, "(row)"): "must be an object, not an array",
            (4, "(row)"): "must be an object, not text",
        }

    @pytest.mark.parametrize("make", [stream, file])
    async def test_arrow_that_is_called_json_is_recognised(self, client, example, make):
        _, hint = whole_body(await post(client, make(table_of([example])), JSON))
        assert hint == "It looks like Arrow: say so in Content-Type."

    @pytest.mark.parametrize("media_type", [ARROW_STREAM, ARROW_FILE])
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"ARROW1", id="magic-alone"),
            pytest.param(b"ARROW1\0\0ARROW1", id="nothing-between"),
            pytest.param(b'[{"pod_id": "x"}]', id="json"),
            pytest.param(b"PAR1" + b"\0" * 100 + b"PAR1", id="parquet"),
            pytest.param(b"\xff\xff\xff\xff\x00\x00\x00\x00", id="end-alone"),
            pytest.param(b"\xff\xff\xff\xff\x08\x00\x00\x00" + b"\xff" * 8, id="no-flatbuffer"),
        ],
    )
    async def test_what_is_no_arrow_is_refused(self, client, body, media_type):
        message, hint = whole_body(await post(client, body, media_type))
        assert message.startswith("is not Arrow: ")
        assert hint == "Write it with an Arrow library, as an IPC stream or file."

    @pytest.mark.parametrize("make", [stream, file])
    @pytest.mark.parametrize("codec", ["lz4", "zstd"])
    async def test_compressed_arrow_is_refused_before_it_is_undone(
        self, client, example, make, codec
    ):
        body = make(table_of([example] * 1000), compression=codec)
        message, hint = whole_body(await post(client, body, ARROW_STREAM))
        assert message == "has compressed Arrow buffers"
        assert "compression=None" in hint

    async def test_a_compressed_dictionary_is_refused_as_well(self, client, example):
        kind = pa.dictionary(pa.int8(), pa.string())
        table = table_of([example], pod_id=kind).select(["pod_id"])
        body = stream(table, compression="zstd")
        cut = body.index(b"\xff\xff\xff\xff", body.index(b"\xff\xff\xff\xff", 8) + 8)
        body = body[:cut] + b"\xff\xff\xff\xff\x00\x00\x00\x00"
        message, _ = whole_body(await post(client, body, ARROW_STREAM))
        assert message == "has compressed Arrow buffers"

    async def test_a_stream_whose_writer_was_not_closed_is_refused(self, client, example):
        body = stream(table_of([example]))[:-8]
        message, hint = whole_body(await post(client, body, ARROW_STREAM))
        assert message == "ends before the end of its Arrow stream"
        assert hint.startswith("Close the writer")

    async def test_a_second_stream_is_not_dropped_in_silence(self, client, example):
        body = stream(table_of([example]))
        message, _ = whole_body(await post(client, body * 2, ARROW_STREAM))
        assert message == f"has {len(body)} bytes after the end of its Arrow stream"

    async def test_very_many_small_batches_are_refused(self, client, example):
        body = stream(table_of([example] * 1001), rows_in_batch=1)
        message, hint = whole_body(await post(client, body, ARROW_STREAM))
        assert message == "has more than 1000 Arrow messages"
        assert hint == "Write more rows in one record batch."

    async def test_a_schema_of_megabytes_is_refused(self, client, example):
        table = table_of([example]).replace_schema_metadata({"x": "y" * 2**21})
        message, _ = whole_body(await post_table(client, table))
        assert message.startswith("has a schema of 2")

    async def test_a_stream_without_batches_has_no_rows(self, client, example):
        message, _ = whole_body(await post_table(client, table_of([example]).slice(1)))
        assert message == "has no rows"

    @pytest.mark.parametrize("format_", BODIES)
    async def test_one_row_too_many_is_refused(self, client, format_):
        names = {"pod_id": ["x"] * (MAX_ROWS + 1)}
        if format_ == "arrow":
            answer = await post_table(client, pa.table(names))
        else:
            document = names if format_ == "columns" else [{}] * (MAX_ROWS + 1)
            answer = await post(client, json.dumps(document).encode())
        message, hint = whole_body(answer)
        assert message == "has 100001 rows, more than 100000"
        assert hint == "Send at most 100000 rows in a request."

    @pytest.mark.parametrize(
        "piece",
        [
            pytest.param(b"[],", id="arrays"),
            pytest.param(b"{},", id="objects"),
            pytest.param(b"1,", id="numbers"),
        ],
    )
    async def test_what_would_take_much_more_memory_than_its_bytes_is_not_parsed(
        self, client, piece
    ):
        pieces = piece * (20 * TRUSTED_BYTES // len(piece))
        message, hint = whole_body(await post(client, b"[" + pieces + b"1]"))
        assert message.endswith("more than 100000 rows have")
        assert hint == "Send at most 100000 rows, one value for each field."


class TestFormats:
    @pytest.mark.parametrize(
        "media_type",
        ["text/csv", "application/x-www-form-urlencoded", "application/octet-stream", "", "json"],
    )
    async def test_another_content_type_is_refused_unread(self, client, media_type):
        answer = await post(client, unread(), media_type)
        assert answer.status_code == 415
        assert answer.json()["title"] == "Unknown format"
        assert ARROW_STREAM in answer.json()["hint"]

    @pytest.mark.parametrize(
        "accept",
        ["text/html", "application/json;q=0", ARROW_FILE, "image/*", "application/json;q=0.000"],
    )
    async def test_an_answer_that_can_not_be_written_is_refused_unread(self, client, accept):
        answer = await post(client, unread(), accept=accept)
        assert answer.status_code == 406
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["title"] == "Not acceptable"
        assert ARROW_STREAM in answer.json()["hint"]

    async def test_a_compressed_body_is_refused(self, client):
        answer = await post(client, b"\x1f\x8b", **{"content-encoding": "gzip"})
        assert answer.status_code == 415


async def unread():
    raise AssertionError("the body was read")
    yield b""


def read(body):
    faults = Faults()
    return checked(read_arrow(body, faults), faults)


KINDS = (pa.string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()))
STREAMS = [
    make(table_of([EXAMPLE] * 3, pod_id=kind), rows_in_batch=2)
    for kind in KINDS
    for make in (stream, file)
]


class TestDamagedArrow:
    @pytest.mark.parametrize("body", STREAMS, ids=range(len(STREAMS)))
    def test_it_is_refused_wherever_it_is_cut_off(self, body):
        for length in range(len(body)):
            with pytest.raises(InvalidBatch):
                read(body[:length])

    @given(data=st.data())
    def test_any_other_bytes_in_it_are_refused_or_read_but_nothing_else(self, data):
        body = bytearray(data.draw(st.sampled_from(STREAMS)))
        places = st.integers(0, len(body) - 1)
        for place in data.draw(st.lists(places, min_size=1, max_size=8)):
            body[place] = data.draw(st.integers(0, 255))
        with contextlib.suppress(InvalidBatch):
            assert 1 <= read(bytes(body)).rows <= MAX_ROWS

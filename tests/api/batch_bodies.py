"""Batches in the three formats, made from the same rows."""

from __future__ import annotations

import io
import json

import pyarrow as pa

from podforecast.api_schema.batch import ARROW_FILE, ARROW_STREAM, JSON, BatchProblem
from podforecast.domain.catalogue import CATALOGUE

ROUTE = "/predict/batch"
PROBLEM = "application/problem+json"
CATEGORIES = {feature.name for feature in CATALOGUE if feature.categories}
TEXTS = {"pod_id", *CATEGORIES}


def rows_body(rows):
    return json.dumps(rows).encode()


def columns_of(rows):
    """Columns of rows; a field that a row leaves out is null there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def columns_body(rows):
    return json.dumps(columns_of(rows)).encode()


def table_of(rows, **types):
    columns = {
        name: pa.array(cells, types.get(name, pa.string() if name in TEXTS else pa.float64()))
        for name, cells in columns_of(rows).items()
    }
    return pa.table(columns)


def stream(table, *, rows_in_batch=None, new=pa.ipc.new_stream, **options):
    sink = io.BytesIO()
    with new(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=rows_in_batch)
    return sink.getvalue()


def file(table, **options):
    return stream(table, new=pa.ipc.new_file, **options)


def arrow_body(rows):
    return stream(table_of(rows))


BODIES = {"rows": (rows_body, JSON), "columns": (columns_body, JSON),
          "arrow": (arrow_body, ARROW_STREAM)}  # fmt: skip


async def post(client, body, media_type=JSON, **headers):
    return await client.post(ROUTE, content=body, headers={"content-type": media_type} | headers)


async def post_table(client, table, **options):
    return await post(client, stream(table, **options), ARROW_STREAM)


async def post_file(client, table, **options):
    return await post(client, file(table, **options), ARROW_FILE)


def read_arrow_answer(answer):
    assert answer.headers["content-type"] == ARROW_STREAM
    return pa.ipc.open_stream(answer.content).read_all()


def forecasts_in(answer):
    """Forecasts of an answer in any format, as rows."""
    if answer.headers["content-type"] == ARROW_STREAM:
        return read_arrow_answer(answer).to_pylist()
    body = answer.json()
    if "forecasts" in body:
        return body["forecasts"]
    names = ("pod_id", "failure_probability", "prediction", "risk_level")
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*(body[name] for name in names), strict=True)
    ]


def refused(answer):
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == PROBLEM
    return BatchProblem.model_validate_json(answer.text)


def faults(answer):
    """(row, field) to message."""
    return {(fault.row, fault.field): fault.message for fault in refused(answer).errors}


def whole_body(answer):
    """Message and hint of a body that is refused as one."""
    (fault,) = refused(answer).errors
    assert (fault.row, fault.field) == (None, "(body)")
    return fault.message, fault.hint

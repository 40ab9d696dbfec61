"""POST /predict/batch: cells and columns that are refused, in which words; nothing is scored."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pyarrow as pa
import pytest

from podforecast.api_schema.problems import InputProblem
from podforecast.domain.catalogue import CATALOGUE, OPTIONAL, REQUIRED
from tests.api.batch_bodies import (
    BODIES,
    columns_body,
    columns_of,
    faults,
    post,
    post_table,
    refused,
    rows_body,
    table_of,
)

pytestmark = pytest.mark.usefixtures("nothing_is_scored")


def fine_for(feature):
    return feature.categories[0] if feature.categories else max(feature.low, 0)


class TestCells:
    @pytest.mark.parametrize("shape", ["rows", "columns"])
    @pytest.mark.parametrize(
        "literal",
        [
            pytest.param("true", id="boolean"),
            pytest.param('"55"', id="numeric-string"),
            pytest.param("NaN", id="nan"),
            pytest.param("-Infinity", id="minus-infinity"),
            pytest.param("1e400", id="overflow"),
            pytest.param("9" * 400, id="endless-whole-number"),
            pytest.param("1e308", id="beyond-float32"),
            pytest.param("[1]", id="array"),
            pytest.param("{}", id="object"),
        ],
    )
    async def test_the_words_are_those_of_predict(self, client, example, shape, literal):
        for feature in CATALOGUE:
            bad = example | {feature.name: "@"}
            alone = await client.post("/predict", content=json.dumps(bad).replace('"@"', literal))
            (expected,) = InputProblem.model_validate_json(alone.text).errors
            rows = [example | {feature.name: fine_for(feature)}, bad]
            body = BODIES[shape][0](rows).decode().replace('"@"', literal)
            (found,) = refused(await post(client, body)).errors
            assert (found.row, found.field) == (1, feature.name)
            assert (found.message, found.hint) == (expected.message, expected.hint)

    @pytest.mark.parametrize("format_", BODIES)
    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            pytest.param("cpu_usage_pct", -0.1, "must be at least 0", id="negative"),
            pytest.param("cpu_usage_pct", 10_000.5, "must be at most 10000", id="unit-error"),
            pytest.param("restart_count_24h", 2.5, "must be a whole number", id="fraction"),
            pytest.param("replica_count", -1, "must be at least 0", id="negative-count"),
            pytest.param("memory_peak_pct", -1, "must be at least 0", id="optional-negative"),
            pytest.param("cpu_usage_pct", None, "must be a number, not null", id="null"),
            pytest.param(
                "autoscaler_action",
                "SCALE_UP",
                "must be one of none, scale_up, scale_down",
                id="wrong-case",
            ),
            pytest.param(
                "last_termination_reason",
                "oom",
                "must be one of none, completed, error, oom_killed",
                id="optional-category",
            ),
            pytest.param("pod_id", "", "must not be empty", id="empty-name"),
            pytest.param("pod_id", "x" * 254, "must have at most 253 characters", id="long-name"),
            pytest.param("pod_id", "ü" * 254, "must have at most 253 characters", id="two-bytes"),
            pytest.param("pod_id", None, "must be text, not null", id="no-name"),
        ],
    )
    async def test_row_and_field_are_named_in_every_format(
        self, client, example, format_, name, value, message
    ):
        make, media_type = BODIES[format_]
        rows = [example, example, example | {name: value}, example]
        if name in {feature.name for feature in OPTIONAL}:
            rows = [{name: None} | row for row in rows]
        found = faults(await post(client, make(rows), media_type))
        assert found == {(2, name): message}

    @pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
    async def test_nan_in_arrow_is_no_measurement(self, client, example, nonsense):
        rows = [example, example | {"cpu_usage_pct": nonsense}]
        found = faults(await post_table(client, table_of(rows)))
        assert found == {(1, "cpu_usage_pct"): "must be a finite number"}

    async def test_nan_in_arrow_is_not_unknown_either(self, client, example):
        rows = [example | {"memory_peak_pct": value} for value in (1.0, None, math.nan)]
        found = faults(await post_table(client, table_of(rows)))
        assert found == {(2, "memory_peak_pct"): "must be a finite number"}

    async def test_a_decimal_is_shown_as_a_number(self, client, example):
        rows = [example | {"cpu_usage_pct": Decimal("-1.5")}]
        table = table_of(rows, cpu_usage_pct=pa.decimal128(5, 2))
        (fault,) = refused(await post_table(client, table)).errors
        assert (fault.message, fault.sent) == ("must be at least 0", "-1.5")

    async def test_everything_wrong_is_told_by_row(self, client, example):
        rows = [
            example | {"cpu_usage_pct": -1, "colour": "red"},
            {name: value for name, value in example.items() if name != "replica_count"},
            example | {"pod_id": 7, "autoscaler_action": [1]},
        ]
        answer = await post(client, rows_body(rows))
        assert faults(answer) == {
            (0, "colour"): "is not a field of this request",
            (0, "cpu_usage_pct"): "must be at least 0",
            (1, "replica_count"): "is required but missing",
            (2, "pod_id"): "must be text, not a number",
            (2, "autoscaler_action"): "must be one of none, scale_up, scale_down",
        }
        problem = answer.json()
        assert problem["total"] == 5
        assert problem["title"] == "Invalid batch"
        assert problem["detail"].startswith("5 errors, the first: row 0: ")
        assert problem["hint"]

    @pytest.mark.parametrize("format_", BODIES)
    async def test_a_hundred_faults_are_listed_and_all_are_counted(self, client, example, format_):
        make, media_type = BODIES[format_]
        rows = [example | {"cpu_usage_pct": -1, "replica_count": 0.5} for _ in range(200)]
        problem = refused(await post(client, make(rows), media_type))
        assert problem.total == 400
        assert [fault.row for fault in problem.errors] == [row // 2 for row in range(100)]

    async def test_a_flood_of_unknown_fields_gets_a_short_answer(self, client, example):
        flood = {f"{'x' * 500}{n}": n for n in range(30_000)}
        for body in ([example | flood], columns_of([example]) | flood | {"y": [1]}):
            answer = await post(client, json.dumps(body).encode())
            assert len(refused(answer).errors) == 100
            assert len(answer.content) < 64 * 1024

    async def test_a_large_value_is_shown_cut_short(self, client, example):
        rows = [example | {"cpu_usage_pct": list(range(100_000))}]
        (fault,) = refused(await post(client, rows_body(rows))).errors
        assert len(fault.sent) == 81


class TestColumns:
    @pytest.mark.parametrize("name", ["pod_id", *(feature.name for feature in REQUIRED)])
    @pytest.mark.parametrize("format_", BODIES)
    async def test_a_missing_required_column_is_named(self, client, example, format_, name):
        del example[name]
        make, media_type = BODIES[format_]
        row = 0 if format_ == "rows" else None
        found = faults(await post(client, make([example]), media_type))
        assert found == {(row, name): "is required but missing"}

    @pytest.mark.parametrize("format_", ["columns", "arrow"])
    async def test_an_unknown_column_is_answered_with_the_right_one(self, client, example, format_):
        make, media_type = BODIES[format_]
        body = make([example | {"memory_peak_percent": 3}])
        (fault,) = refused(await post(client, body, media_type)).errors
        assert (fault.row, fault.field) == (None, "memory_peak_percent")
        assert fault.hint == "Did you mean memory_peak_pct?"

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            pytest.param(7, "not a number", id="number"),
            pytest.param(None, "not null", id="null"),
            pytest.param("x", "not text", id="text"),
            pytest.param({}, "not an object", id="object"),
        ],
    )
    async def test_a_column_that_is_no_array_is_refused(self, client, example, value, message):
        body = columns_of([example]) | {"cpu_usage_pct": value}
        found = faults(await post(client, json.dumps(body).encode()))
        expected = f"must be an array with one value for each pod, {message}"
        assert found == {(None, "cpu_usage_pct"): expected}

    async def test_columns_of_different_lengths_are_refused(self, client, example):
        body = columns_of([example] * 3) | {"cpu_usage_pct": [1, 2], "replica_count": [1] * 4}
        assert faults(await post(client, json.dumps(body).encode())) == {
            (None, "cpu_usage_pct"): "has 2 values where pod_id has 3",
            (None, "replica_count"): "has 4 values where pod_id has 3",
        }

    @pytest.mark.parametrize(
        "pod_id",
        [
            pytest.param("plain", id="plain"),
            pytest.param("shop:cart", id="colon"),
            pytest.param('a"b', id="escape"),
        ],
    )
    async def test_a_column_that_is_there_twice_is_refused(self, client, example, pod_id):
        body = columns_body([example | {"pod_id": pod_id}])
        body = body[:-1] + b', "cpu_usage_pct": [1]}'
        found = faults(await post(client, body))
        assert found == {(None, "cpu_usage_pct"): "is there more than once"}

    async def test_an_arrow_column_that_is_there_twice_is_refused(self, client, example):
        table = table_of([example]).append_column("cpu_usage_pct", pa.array([1.0]))
        found = faults(await post_table(client, table))
        assert found == {(None, "cpu_usage_pct"): "is there more than once"}

    @pytest.mark.parametrize(
        ("name", "cells", "message"),
        [
            pytest.param("cpu_usage_pct", pa.array([True]), "bool, not of numbers", id="bool"),
            pytest.param("cpu_usage_pct", pa.array(["55"]), "string, not of numbers", id="text"),
            pytest.param("cpu_usage_pct", pa.array([[1.0]]), "not of numbers", id="nested"),
            pytest.param("cpu_usage_pct", pa.array([{"a": 1}]), "not of numbers", id="struct"),
            pytest.param(
                "cpu_usage_pct", pa.array([1], pa.timestamp("s")), "not of numbers", id="time"
            ),
            pytest.param(
                "cpu_usage_pct",
                pa.array([1.0]).dictionary_encode(),
                "not of numbers",
                id="dictionary-of-numbers",
            ),
            pytest.param(
                "cpu_usage_pct",
                pa.RunEndEncodedArray.from_arrays([1], [1.0]),
                "not of numbers",
                id="run-end-encoded",
            ),
            pytest.param("autoscaler_action", pa.array([1]), "int64, not of texts", id="index"),
            pytest.param(
                "autoscaler_action",
                pa.array([1]).dictionary_encode(),
                "not of texts",
                id="dictionary-of-indices",
            ),
            pytest.param("pod_id", pa.array([7]), "int64, not of texts", id="name-is-a-number"),
            pytest.param("pod_id", pa.array([b"x"]), "binary, not of texts", id="bytes"),
        ],
    )
    async def test_an_arrow_column_of_another_type_is_refused_as_one(
        self, client, example, name, cells, message
    ):
        table = table_of([example])
        table = table.set_column(table.column_names.index(name), name, cells)
        (fault,) = refused(await post_table(client, table)).errors
        assert (fault.row, fault.field) == (None, name)
        assert fault.message.startswith("is a column of ")
        assert fault.message.endswith(message)
        assert fault.hint.startswith("Cast it to ")

    @pytest.mark.parametrize("name", ["pod_id", "autoscaler_action"])
    async def test_a_dictionary_that_would_become_huge_is_not_written_out(
        self, client, example, name
    ):
        rows = 1000
        one = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 1_000_000])
        table = table_of([example] * rows)
        table = table.set_column(table.column_names.index(name), name, one)
        found = faults(await post_table(client, table))
        (message,) = found.values()
        assert list(found) == [(None, name)]
        assert message.startswith("has texts of 1000000000 bytes once written out")

    async def test_views_that_would_become_huge_are_not_written_out(self, client, example):
        rows = 1000
        length, prefix, buffer, offset = 1_000_000, b"xxxx", 0, 0
        view = (length.to_bytes(4, "little") + prefix + buffer.to_bytes(4, "little")
                + offset.to_bytes(4, "little"))  # fmt: skip
        buffers = [None, pa.py_buffer(view * rows), pa.py_buffer(b"x" * length)]
        names = pa.Array.from_buffers(pa.string_view(), rows, buffers)
        table = table_of([example] * rows).set_column(0, "pod_id", names)
        (message,) = faults(await post_table(client, table)).values()
        assert message.startswith("has texts of 1000000000 bytes once written out")

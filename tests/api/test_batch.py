"""POST /predict/batch: what is answered, in three formats."""

from __future__ import annotations

import json
import subprocess
import sys

import jsonschema
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from podforecast.api_schema.batch import (
    ARROW_FILE,
    ARROW_STREAM,
    COLUMNS_EXAMPLE,
    JSON,
    MAX_ROWS,
    BatchColumnsResponse,
    BatchRowsResponse,
)
from podforecast.api_schema.predict import LARGEST, PredictRequest
from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.forecast import (
    PREDICTIONS,
    RISK_LEVELS,
    predict,
    prediction_indices,
    risk_level,
    risk_level_indices,
)
from podforecast.errors import ModelNotReady
from podforecast.serving.batch import forecasts
from podforecast.serving.batch.checking import Batch
from podforecast.serving.batch.forecasts import forecasts_of
from tests.api.batch_bodies import (
    BODIES,
    ROUTE,
    columns_body,
    file,
    forecasts_in,
    post,
    post_table,
    read_arrow_answer,
    rows_body,
    table_of,
)
from tests.api.conftest import FakeScorer

WEIGHTS = np.linspace(-1, 1, len(CATALOGUE))


class WeighingScorer(FakeScorer):
    """Not a model: weighs every field, so that a field in the wrong place shows."""

    def score(self, values):
        # Row by row in memory: NumPy adds in another order where it is column by column.
        rows = np.ascontiguousarray(np.nan_to_num(values, nan=-1.0))
        weighed = (rows * WEIGHTS).sum(axis=1)
        return 0.5 + np.arctan(weighed / 100) / np.pi


@pytest.fixture
def scorer():
    return WeighingScorer()


@pytest.fixture
def pods(example):
    """Three pods that differ in every kind of field."""
    return [
        example,
        example | {"pod_id": "second", "cpu_usage_pct": 3, "autoscaler_action": "none"},
        example | {"pod_id": "dritter-ü", "replica_count": 1.0, "memory_peak_pct": 12.5},
    ]


def values_of(feature):
    if feature.categories:
        return st.sampled_from(feature.categories)
    low, high = max(feature.low, -LARGEST), min(feature.high, LARGEST)
    whole = st.integers(int(low), int(high))
    return st.one_of(whole, whole.map(float)) if feature.whole else st.floats(low, high)


VALID_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "pod_id": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=253),
            **{feature.name: values_of(feature) for feature in CATALOGUE if feature.required},
        },
        optional={
            feature.name: st.none() | values_of(feature)
            for feature in CATALOGUE
            if not feature.required
        },
    ),
    min_size=1,
    max_size=6,
)


class TestSameAsOneByOne:
    @settings(
        max_examples=60,
        # The application keeps nothing from one example to the next but counters.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(rows=VALID_ROWS)
    async def test_every_format_answers_what_predict_answers(self, client, rows):
        alone = []
        for row in rows:
            answer = (await client.post("/predict", content=json.dumps(row))).json()
            alone.append({name: answer[name] for name in (
                "failure_probability", "prediction", "risk_level")})  # fmt: skip
        expected = [{"pod_id": row["pod_id"]} | one for row, one in zip(rows, alone, strict=True)]
        for make, media_type in BODIES.values():
            answer = await post(client, make(rows), media_type)
            assert answer.status_code == 200, answer.text
            assert forecasts_in(answer) == expected

    @given(
        probabilities=st.lists(st.floats(0, 1), min_size=1),
        threshold=st.sampled_from([0.0, 0.15, 0.3, 0.5, 0.75, 0.9, 1.0]),
    )
    def test_many_are_judged_as_one_is(self, probabilities, threshold):
        probabilities = [*probabilities, threshold, threshold / 2, 0.5, 0.75]
        many = np.array(probabilities)
        assert [PREDICTIONS[i] for i in prediction_indices(many, threshold)] == [
            predict(p, threshold) for p in probabilities
        ]
        assert [RISK_LEVELS[i] for i in risk_level_indices(many, threshold)] == [
            risk_level(p, threshold) for p in probabilities
        ]


class TestShapes:
    async def test_rows_are_answered_by_rows(self, client, pods):
        answer = await post(client, rows_body(pods))
        assert answer.headers["content-type"] == JSON
        body = answer.json()
        assert list(body) == ["model_version", "threshold", "horizon_minutes", "forecasts"]
        assert [one["pod_id"] for one in body["forecasts"]] == [pod["pod_id"] for pod in pods]
        BatchRowsResponse.model_validate_json(answer.text)

    async def test_columns_are_answered_by_columns(self, client, pods):
        answer = await post(client, columns_body(pods))
        body = answer.json()
        assert list(body) == [
            "model_version", "threshold", "horizon_minutes",
            "pod_id", "failure_probability", "prediction", "risk_level",
        ]  # fmt: skip
        assert body["pod_id"] == [pod["pod_id"] for pod in pods]
        BatchColumnsResponse.model_validate_json(answer.text)

    async def test_arrow_is_answered_by_a_stream_that_names_the_model(self, client, pods):
        table = read_arrow_answer(await post_table(client, table_of(pods)))
        assert table.schema.metadata == {
            b"model_version": b"fake-1",
            b"threshold": b"0.3",
            b"horizon_minutes": b"5.0",
        }
        labels = pa.dictionary(pa.int8(), pa.string())
        assert table.schema.types == [pa.string(), pa.float64(), labels, labels]
        assert table["pod_id"].to_pylist() == [pod["pod_id"] for pod in pods]

    async def test_an_arrow_file_is_read_too(self, client, pods):
        expected = forecasts_in(await post_table(client, table_of(pods)))
        answer = await post(client, file(table_of(pods)), ARROW_FILE)
        assert forecasts_in(answer) == expected

    async def test_a_body_of_no_content_type_is_json(self, client, pods):
        request = client.build_request("POST", ROUTE, content=rows_body(pods))
        assert "content-type" not in request.headers
        assert (await client.send(request)).status_code == 200

    @pytest.mark.parametrize("format_", BODIES)
    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            pytest.param("application/json", JSON, id="json"),
            pytest.param(ARROW_STREAM, ARROW_STREAM, id="arrow"),
            pytest.param(f"text/html, {ARROW_STREAM};q=0.1", ARROW_STREAM, id="weighted"),
            pytest.param(f"{ARROW_STREAM};q=0, */*", JSON, id="json-by-a-wildcard"),
        ],
    )
    async def test_the_client_may_choose_the_format_of_the_answer(
        self, client, pods, format_, accept, media_type
    ):
        make, sent = BODIES[format_]
        answer = await post(client, make(pods), sent, accept=accept)
        if accept.startswith(f"{ARROW_STREAM};q=0,") and format_ == "arrow":
            media_type = ARROW_STREAM  # the wildcard allows what was sent
        assert answer.headers["content-type"] == media_type
        assert [one["pod_id"] for one in forecasts_in(answer)] == [pod["pod_id"] for pod in pods]

    async def test_the_answers_fit_the_documented_schemas(self, client, pods):
        document = (await client.get("/openapi.json")).json()
        operation = document["paths"][ROUTE]["post"]
        assert set(operation["requestBody"]["content"]) == {JSON, ARROW_STREAM, ARROW_FILE}
        components = {"components": document["components"]}
        request = operation["requestBody"]["content"][JSON]["schema"]
        response = operation["responses"]["200"]["content"][JSON]["schema"]
        refusal = operation["responses"]["422"]["content"]["application/problem+json"]["schema"]
        for body in (pods, COLUMNS_EXAMPLE):
            jsonschema.validate(body, request | components)
            jsonschema.validate((await client.post(ROUTE, json=body)).json(), response | components)
        jsonschema.validate((await client.post(ROUTE, json=[{}])).json(), refusal | components)
        assert (await client.get("/")).json()["links"]["batch"] == ROUTE


ARROW_KINDS = [
    pytest.param("cpu_usage_pct", pa.float32(), id="float"),
    pytest.param("cpu_usage_pct", pa.float16(), id="half"),
    pytest.param("restart_count_24h", pa.int8(), id="int8"),
    pytest.param("restart_count_24h", pa.uint64(), id="uint64"),
    pytest.param("memory_usage_pct", pa.decimal128(10, 3), id="decimal"),
    pytest.param("memory_usage_pct", pa.decimal256(60, 3), id="wide-decimal"),
    pytest.param("pod_id", pa.large_string(), id="large-names"),
    pytest.param("pod_id", pa.string_view(), id="names-as-views"),
    pytest.param("pod_id", pa.dictionary(pa.int32(), pa.string()), id="names-by-dictionary"),
    pytest.param("autoscaler_action", pa.dictionary(pa.uint8(), pa.string()), id="dictionary"),
    pytest.param("autoscaler_action", pa.dictionary(pa.int8(), pa.large_string()), id="large"),
    pytest.param("autoscaler_action", pa.string_view(), id="views"),
]


class TestArrowColumns:
    @pytest.mark.parametrize(("name", "kind"), ARROW_KINDS)
    async def test_every_type_that_holds_the_value_will_do(self, client, example, name, kind):
        whole = {"cpu_usage_pct": 88, "memory_usage_pct": 95, "restart_count_24h": 3}
        rows = [example | whole, example | whole | {"pod_id": "x", "autoscaler_action": "none"}]
        table = table_of(rows)
        position = table.column_names.index(name)
        sent = table.set_column(position, name, table[name].cast(kind))
        expected = forecasts_in(await post_table(client, table))
        assert forecasts_in(await post_table(client, sent)) == expected

    async def test_null_is_unknown_and_so_is_a_column_that_is_left_out(self, client, example):
        left_out = forecasts_in(await post_table(client, table_of([example])))
        for kind in (pa.float64(), pa.null(), pa.int32()):
            table = table_of([example | {"memory_peak_pct": None}], memory_peak_pct=kind)
            assert forecasts_in(await post_table(client, table)) == left_out
        for kind in (pa.null(), pa.dictionary(pa.int8(), pa.string()), pa.string_view()):
            table = table_of(
                [example | {"last_termination_reason": None}], last_termination_reason=kind
            )
            assert forecasts_in(await post_table(client, table)) == left_out

    async def test_batches_of_a_stream_are_put_together_in_order(self, client, example):
        rows = [example | {"pod_id": f"pod-{n}", "cpu_usage_pct": n} for n in range(10)]
        rows[3]["memory_peak_pct"] = 5
        expected = forecasts_in(await post_table(client, table_of(rows)))
        parts = await post_table(client, table_of(rows), rows_in_batch=3)
        assert forecasts_in(parts) == expected

    async def test_each_batch_may_have_a_dictionary_of_its_own(self, client, example):
        rows = [example | {"pod_id": f"pod-{n}"} for n in range(5)]
        kind = pa.dictionary(pa.int8(), pa.string())
        table = pa.concat_tables(table_of([row], pod_id=kind) for row in rows)
        answer = forecasts_in(await post_table(client, table))
        assert [one["pod_id"] for one in answer] == [row["pod_id"] for row in rows]

    async def test_a_slice_is_read_from_where_it_begins(self, client, example):
        rows = [example | {"pod_id": f"pod-{n}"} for n in range(8)]
        for kind in (pa.string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
            table = table_of(rows, pod_id=kind).slice(5)
            answer = await post_table(client, table)
            assert [one["pod_id"] for one in forecasts_in(answer)] == ["pod-5", "pod-6", "pod-7"]

    async def test_views_may_lie_in_a_buffer_with_more_in_it(self, client, example):
        view = (2).to_bytes(4, "little") + b"p0".ljust(12, b"\0")
        names = pa.Array.from_buffers(pa.string_view(), 1, [None, pa.py_buffer(view + b"more!")])
        answer = await post_table(client, table_of([example]).set_column(0, "pod_id", names))
        assert [one["pod_id"] for one in forecasts_in(answer)] == ["p0"]


class TestWhatTheModelSees:
    @pytest.mark.parametrize("format_", BODIES)
    async def test_the_same_as_from_predict(self, serve, pods, format_):
        asked = []

        class Listening(WeighingScorer):
            """Not a model: remembers what it was asked."""

            def score(self, values):
                asked.append(values)
                return super().score(values)

        scorer = Listening()
        make, media_type = BODIES[format_]
        async with serve(lambda _: scorer) as client:
            await post(client, make(pods), media_type)
        (values,) = asked
        expected = np.concatenate([PredictRequest(**pod).row() for pod in pods])
        np.testing.assert_array_equal(values, expected)

    async def test_true_and_false_in_a_name_are_no_booleans(self, client, example):
        named = example | {"pod_id": "true-false"}
        alone = (await client.post("/predict", json=named)).json()["failure_probability"]
        answer = await post(client, rows_body([named, named | {"memory_peak_pct": None}]))
        assert {one["failure_probability"] for one in forecasts_in(answer)} == {alone}

    async def test_rows_may_differ_in_their_optional_fields(self, client, example):
        rows = [example, example | {"memory_peak_pct": 5}, example | {"memory_peak_pct": None}]
        first, second, third = forecasts_in(await post(client, rows_body(rows)))
        assert first == third != second

    async def test_names_with_colons_and_quotes_repeat_no_column(self, client, example):
        rows = [example | {"pod_id": name} for name in ("shop:cart", '"cpu_usage_pct":', "\\")]
        answer = await post(client, columns_body(rows))
        assert [one["pod_id"] for one in forecasts_in(answer)] == [row["pod_id"] for row in rows]


class TestTables:
    @pytest.mark.parametrize("at_once", [1, 3, 4, 12, 13, 5000])
    def test_they_have_all_rows_once_in_order_and_nan_where_nothing_was_sent(self, at_once):
        sent = {1: np.arange(12.0), 5: np.arange(12.0) * np.nan, 7: np.arange(24.0)[::2]}
        batch = Batch(pod_ids=[], rows=12, columns=sent)
        values = np.concatenate([table.copy() for table in batch.tables(at_once)])
        assert values.shape == (12, len(CATALOGUE))
        for place in range(len(CATALOGUE)):
            np.testing.assert_array_equal(values[:, place], sent.get(place, np.full(12, np.nan)))

    def test_they_take_the_memory_of_one(self):
        batch = Batch(pod_ids=[], rows=9, columns={0: np.zeros(9)})
        tables = [*batch.tables(4)]
        assert [len(table) for table in tables] == [3, 3, 3]
        assert np.shares_memory(tables[0], tables[-1])

    def test_scores_of_one_are_kept_when_the_next_takes_its_place(self, scorer, monkeypatch):
        monkeypatch.setattr(forecasts, "ROWS_AT_ONCE", 4)
        monkeypatch.setattr(scorer, "path", "fast", raising=False)
        monkeypatch.setattr(scorer, "score", lambda values: values[:, 2])
        sent = np.linspace(0.0, 1.0, 11)
        batch = Batch(pod_ids=[], rows=11, columns={2: sent})
        assert forecasts_of(batch, scorer).probabilities.tolist() == sent.tolist()


class TestMetrics:
    async def test_every_row_of_a_batch_is_counted(self, client, pods):
        answer = forecasts_in(await post(client, rows_body(pods * 10)))
        text = (await client.get("/metrics")).text
        found = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        probabilities = [one["failure_probability"] for one in answer]
        at_risk = sum(one["prediction"] == "at_risk" for one in answer)
        assert found[("podforecast_forecasts_total", "at_risk")] == at_risk
        assert found[("podforecast_forecasts_total", "stable")] == 30 - at_risk
        name = "podforecast_failure_probability"
        assert found[(f"{name}_count",)] == 30
        assert found[(f"{name}_sum",)] == pytest.approx(sum(probabilities))
        for bound in (0.01, 0.5, 0.9, 1.0):
            up_to = sum(probability <= bound for probability in probabilities)
            assert found[(f"{name}_bucket", str(bound))] == up_to


class TestLargest:
    @pytest.mark.parametrize("format_", BODIES)
    async def test_a_hundred_thousand_rows_are_answered_in_order(self, client, example, format_):
        cells = {
            name: [value] * MAX_ROWS if name != "pod_id" else [f"p-{n}" for n in range(MAX_ROWS)]
            for name, value in example.items()
        }
        if format_ == "arrow":
            answer = await post_table(client, pa.table(cells))
        elif format_ == "columns":
            answer = await post(client, json.dumps(cells).encode())
        else:
            rows = [example | {"pod_id": pod_id} for pod_id in cells["pod_id"]]
            answer = await post(client, rows_body(rows))
        assert answer.status_code == 200, answer.text
        assert [one["pod_id"] for one in forecasts_in(answer)] == cells["pod_id"]


async def test_no_body_is_read_where_there_is_no_model(serve):
    def load(_):
        raise ModelNotReady("none is trained", hint="Train one.")

    async def unread():
        raise AssertionError("the body was read")
        yield b""

    async with serve(load) as client:
        answer = await post(client, unread())
        assert answer.status_code == 503
        assert answer.json()["title"] == "Model not ready"


@pytest.mark.parametrize("nonsense", [np.nan, -0.1, 1.1])
async def test_what_is_no_probability_is_never_answered(serve, pods, nonsense):
    class Broken(WeighingScorer):
        """Not a model: one of its answers is nonsense."""

        def score(self, values):
            probabilities = super().score(values)
            probabilities[1] = nonsense
            return probabilities

    broken = Broken()
    async with serve(lambda _: broken) as client:
        answer = await post(client, rows_body(pods))
        assert answer.status_code == 503
        assert "to row 1, which is no probability" in answer.json()["detail"]


async def test_a_model_that_answers_too_little_is_refused(serve, pods):
    class Short(WeighingScorer):
        """Not a model: forgets the last row."""

        def score(self, values):
            return super().score(values)[:-1]

    short = Short()
    async with serve(lambda _: short) as client:
        answer = await post(client, rows_body(pods))
        assert answer.status_code == 503
        assert "answered (2,) values to 3 rows" in answer.json()["detail"]


def test_pyarrow_is_loaded_by_the_first_arrow_body_only():
    code = (
        "import sys; from podforecast.serving.routes import batch;"
        "sys.exit('pyarrow' in sys.modules and 'pyarrow.ipc' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

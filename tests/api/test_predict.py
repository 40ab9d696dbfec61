"""POST /predict: what is refused, and what is answered."""

from __future__ import annotations

import asyncio
import json
import math

import numpy as np
import pytest

from podforecast.api_schema.predict import EXAMPLE, PredictResponse
from podforecast.api_schema.problems import InputProblem
from podforecast.domain.catalogue import CATALOGUE, REQUIRED, feature_index
from podforecast.domain.forecast import Prediction
from podforecast.errors import ModelNotReady, ModelRefused
from podforecast.serving.bodies import MEBIBYTE

PROBLEM = "application/problem+json"


async def post(client, body, **headers):
    return await client.post("/predict", content=body, headers=headers)


def faults(answer):
    """Field to fault of a 422; fails the test on any other answer."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == PROBLEM
    return {fault.field: fault for fault in InputProblem.model_validate_json(answer.text).errors}


class TestRefusedFields:
    @pytest.mark.parametrize("name", [feature.name for feature in REQUIRED] + ["pod_id"])
    async def test_a_missing_required_field_is_named(self, client, example, name):
        del example[name]
        found = faults(await client.post("/predict", json=example))
        assert list(found) == [name]
        assert found[name].message == "is required but missing"
        assert found[name].sent is None
        assert name in found[name].hint

    @pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
    @pytest.mark.parametrize(
        "literal",
        [
            pytest.param("true", id="boolean"),
            pytest.param('"55"', id="numeric-string"),
            pytest.param("NaN", id="nan"),
            pytest.param("Infinity", id="infinity"),
            pytest.param("-Infinity", id="minus-infinity"),
            pytest.param("1e400", id="overflow"),
            pytest.param("1e308", id="beyond-float32"),
            pytest.param("[1]", id="array"),
            pytest.param("{}", id="object"),
        ],
    )
    async def test_what_is_no_number_is_refused_for_every_feature(
        self, client, scorer, example, feature, literal
    ):
        example[feature.name] = "@"
        body = json.dumps(example).replace('"@"', literal)
        assert list(faults(await post(client, body))) == [feature.name]
        assert not scorer.asked

    @pytest.mark.parametrize("feature", REQUIRED, ids=lambda feature: feature.name)
    async def test_null_is_no_value_of_a_required_field(self, client, example, feature):
        example[feature.name] = None
        assert list(faults(await client.post("/predict", json=example))) == [feature.name]

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            pytest.param("cpu_usage_pct", -0.1, "must be at least 0", id="negative-percentage"),
            pytest.param("cpu_usage_pct", 10_000.5, "must be at most 10000", id="unit-error"),
            pytest.param("node_pressure_score", 1.01, "must be at most 1", id="score-above-1"),
            pytest.param("prometheus_anomaly_score", -1, "must be at least 0", id="score-below-0"),
            pytest.param("restart_count_24h", 2.5, "must be a whole number", id="fraction"),
            pytest.param("replica_count", 2.9999999999, "must be a whole number", id="nearly-3"),
            pytest.param("replica_count", 1e-42, "must be a whole number", id="nearly-0"),
            pytest.param("replica_count", -1, "must be at least 0", id="negative-count"),
            pytest.param("previous_failures", 10**400, "must be a finite number", id="huge-count"),
            pytest.param(
                "autoscaler_action",
                "SCALE_UP",
                "must be one of none, scale_up, scale_down",
                id="wrong-case",
            ),
            pytest.param("pod_id", "", "must not be empty", id="empty-name"),
            pytest.param("pod_id", "x" * 254, "must have at most 253 characters", id="long-name"),
            pytest.param("pod_id", 7, "must be text, not a number", id="name-is-a-number"),
            pytest.param(
                "cpu_usage_pct", "88", "must be a number, not text", id="number-in-quotes"
            ),
            pytest.param(
                "cpu_usage_pct", True, "must be a number, not true or false", id="boolean"
            ),
            pytest.param("memory_peak_pct", -1, "must be at least 0", id="optional-negative"),
            pytest.param(
                "last_termination_reason",
                "oom",
                "must be one of none, completed, error, oom_killed",
                id="optional-category",
            ),
        ],
    )
    async def test_a_value_outside_the_limits_is_refused_in_words(
        self, client, example, name, value, message
    ):
        example[name] = value
        found = faults(await client.post("/predict", json=example))
        assert {field: fault.message for field, fault in found.items()} == {name: message}
        assert found[name].hint

    async def test_every_error_is_reported_at_once(self, client, example):
        del example["replica_count"]
        example |= {"cpu_usage_pct": -1, "memory_usage_pct": "full", "colour": "red"}
        answer = await client.post("/predict", json=example)
        assert set(faults(answer)) == {
            "cpu_usage_pct",
            "memory_usage_pct",
            "replica_count",
            "colour",
        }
        assert answer.json()["detail"] == ("4 errors, the first: cpu_usage_pct must be at least 0")

    async def test_a_misspelt_field_is_answered_with_the_right_one(self, client, example):
        example["memory_usage_percent"] = 3
        fault = faults(await client.post("/predict", json=example))["memory_usage_percent"]
        assert fault.message == "is not a field of this request"
        assert fault.hint == "Did you mean memory_usage_pct?"

    async def test_what_was_sent_is_shown_but_cut_short(self, client, example):
        example["cpu_usage_pct"] = "9" * 5000
        fault = faults(await client.post("/predict", json=example))["cpu_usage_pct"]
        assert fault.sent == '"' + "9" * 79 + "…"

    async def test_a_flood_of_unknown_fields_gets_a_short_answer(self, client, example):
        flood = example | {f"{'x' * 500}{n}": n for n in range(1500)}
        answer = await client.post("/predict", json=flood)
        assert len(answer.json()["errors"]) == 100
        assert answer.json()["detail"].startswith("1500 errors, the first: ")
        assert len(answer.content) < 64 * 1024


class TestRefusedBodies:
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            pytest.param(b"", "is not JSON: EOF", id="empty"),
            pytest.param(b"pod_id=x&cpu_usage_pct=1", "is not JSON: ", id="form"),
            pytest.param(b'{"pod_id": "x",', "is not JSON: EOF", id="truncated"),
            pytest.param(b'{"pod_id": "\xff"}', "is not JSON: ", id="latin-1"),
            pytest.param('{"pod_id": "x"}'.encode("utf-16"), "is not JSON: ", id="utf-16"),
            pytest.param(rb'{"pod_id": "\ud800"}', "is not JSON: ", id="lone-surrogate"),
            pytest.param(b"[" * 5000, "is not JSON: recursion limit", id="deeply-nested"),
            pytest.param(
                b'{"a": ' + b"9" * 5000 + b"}", "is not JSON: number", id="endless-number"
            ),
            pytest.param(b"[]", "must be a JSON object, not an array", id="array"),
            pytest.param(b"null", "must be a JSON object, not null", id="null"),
            pytest.param(b'"x"', "must be a JSON object, not text", id="text"),
        ],
    )
    async def test_what_is_no_json_object_is_refused(self, client, body, message):
        found = faults(await post(client, body))
        assert list(found) == ["(body)"]
        assert found["(body)"].message.startswith(message)

    async def test_a_body_that_announces_too_much_is_not_read(self, client):
        answer = await post(client, b"{}", **{"content-length": str(MEBIBYTE + 1)})
        assert answer.status_code == 413
        assert answer.json()["title"] == "Body too large"

    async def test_a_body_that_announces_nothing_is_read_no_further_than_the_limit(self, client):
        sent = 0

        async def endless():
            nonlocal sent
            while True:
                sent += 1
                yield b" " * 65536

        answer = await client.post("/predict", content=endless())
        assert answer.status_code == 413
        assert answer.headers["content-type"] == PROBLEM
        assert sent == 17

    async def test_a_body_of_exactly_the_limit_is_read(self, client, example):
        body = json.dumps(example).encode().ljust(MEBIBYTE)
        assert (await post(client, body)).status_code == 200

    async def test_a_compressed_body_is_refused(self, client):
        answer = await post(client, b"\x1f\x8b", **{"content-encoding": "gzip"})
        assert answer.status_code == 415
        assert answer.json()["hint"] == "Send it as it is, without compression."

    async def test_other_methods_are_refused_with_those_that_work(self, client):
        answer = await client.get("/predict")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert answer.headers["content-type"] == PROBLEM


async def test_a_caller_who_hangs_up_is_no_mistake_of_ours(serve, scorer):
    async def hung_up():
        return {"type": "http.disconnect"}

    async def nobody(message):
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "headers": [],
        "query_string": b"",
    }
    async with serve(lambda _: scorer) as client:
        # Raises whatever the application does not handle.
        await client._transport.app(scope, hung_up, nobody)
    assert not scorer.asked


class TestWithoutAModel:
    @pytest.mark.parametrize(
        ("error", "title"),
        [
            pytest.param(ModelNotReady, "Model not ready", id="none-trained"),
            pytest.param(ModelRefused, "Model refused", id="changed-on-disk"),
        ],
    )
    async def test_the_reason_and_the_way_out_are_answered(self, serve, example, error, title):
        def load(_):
            raise error("why there is none", hint="Run `python train_model.py`.")

        async with serve(load) as client:
            for answer in (
                await client.post("/predict", json=example),
                await client.post("/predict", json=example),
                await client.get("/readyz"),
            ):
                assert answer.status_code == 503
                assert answer.headers["content-type"] == PROBLEM
                problem = answer.json()
                assert problem["title"] == title
                assert problem["detail"] == "why there is none"
                assert problem["hint"] == "Run `python train_model.py`. Then POST /model/reload."
            assert (await client.get("/livez")).json() == {"status": "alive"}

    @pytest.mark.parametrize("nonsense", [math.nan, -0.1, 1.1])
    async def test_what_is_no_probability_is_never_answered(
        self, client, scorer, example, nonsense
    ):
        scorer.answer = nonsense
        answer = await client.post("/predict", json=example)
        assert answer.status_code == 503
        assert "no probability" in answer.json()["detail"]

    async def test_a_mistake_of_ours_shows_nothing_of_the_inside(self, client, scorer, example):
        scorer.threshold = "secret"
        answer = await post(client, json.dumps(example), **{"x-request-id": "find-me"})
        assert answer.status_code == 500
        assert answer.headers["content-type"] == PROBLEM
        assert answer.headers["x-request-id"] == "find-me"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()["request_id"] == "find-me"
        assert "secret" not in answer.text
        assert "Error" not in answer.text.replace("Internal Server Error", "")


class TestAnswer:
    async def test_the_example_is_answered_in_full(self, client, example):
        answer = await client.post("/predict", json=example)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "input": example,
            "failure_probability": 0.9,
            "prediction": "at_risk",
            "risk_level": "critical",
            "threshold": 0.3,
            "horizon_minutes": 5,
            "model_version": "fake-1",
        }
        assert PredictResponse.model_validate_json(answer.text).prediction is Prediction.AT_RISK

    async def test_the_documented_example_is_the_one_on_disk(self, example):
        assert example == EXAMPLE

    @pytest.mark.parametrize(
        ("probability", "prediction", "level"),
        [
            pytest.param(0.0, "stable", "low", id="none"),
            pytest.param(0.15, "stable", "medium", id="half-the-threshold"),
            pytest.param(0.3, "at_risk", "high", id="on-the-threshold"),
            pytest.param(1.0, "at_risk", "critical", id="certain"),
        ],
    )
    async def test_the_threshold_decides(
        self, client, scorer, example, probability, prediction, level
    ):
        scorer.answer = probability
        answer = (await client.post("/predict", json=example)).json()
        assert (answer["prediction"], answer["risk_level"]) == (prediction, level)

    async def test_the_model_sees_the_fields_in_catalogue_order(self, client, scorer, example):
        await client.post("/predict", json=example)
        (row,) = scorer.asked
        assert row.shape == (1, len(CATALOGUE))
        assert row[0, : len(REQUIRED)].tolist() == [
            88.5, 95.2, 0.22, 3, 10, 180, 4, 0.74, 1, 0.82, 2, 48,
        ]  # fmt: skip
        assert np.isnan(row[0, len(REQUIRED) :]).all()

    async def test_an_optional_field_is_known_to_the_model_once_it_is_sent(
        self, client, scorer, example
    ):
        example |= {
            "memory_peak_pct": 97,
            "memory_growth_3m": -2.5,
            "last_termination_reason": "oom_killed",
            "request_rate": None,
        }
        answer = await client.post("/predict", json=example)
        (row,) = scorer.asked
        assert row[0, feature_index("memory_peak_pct")] == 97
        assert row[0, feature_index("memory_growth_3m")] == -2.5
        assert row[0, feature_index("last_termination_reason")] == 3
        assert np.isnan(row[0, feature_index("request_rate")])
        assert answer.json()["input"] == example

    async def test_the_name_of_the_pod_never_reaches_the_model(self, client, scorer, example):
        await client.post("/predict", json=example)
        await client.post("/predict", json=example | {"pod_id": "another"})
        first, second = scorer.asked
        np.testing.assert_array_equal(first, second)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("cpu_usage_pct", 0, id="zero"),
            pytest.param("cpu_usage_pct", 10_000, id="largest-percentage"),
            pytest.param("cpu_usage_pct", -0.0, id="minus-zero"),
            pytest.param("restart_count_24h", 3.0, id="whole-float"),
            pytest.param("replica_count", 0, id="scaled-to-zero"),
            pytest.param("deployment_uptime_hrs", 1e-9, id="tiny"),
            pytest.param("pod_id", "ж" * 253, id="longest-name"),
            pytest.param("pod_id", '"; drop\u0000 \n', id="odd-name"),
        ],
    )
    async def test_values_on_the_edge_are_accepted(self, client, example, name, value):
        answer = await client.post("/predict", json=example | {name: value})
        assert answer.status_code == 200, answer.text
        assert answer.json()["input"][name] == value

    @pytest.mark.parametrize(
        "content_type",
        ["application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain", ""],
    )
    async def test_json_is_read_whatever_it_is_called(self, client, example, content_type):
        body = json.dumps(example)
        answer = await post(client, body, **{"content-type": content_type})
        assert answer.status_code == 200

    async def test_a_byte_order_mark_is_no_reason_to_refuse(self, client, example):
        body = b"\xef\xbb\xbf" + json.dumps(example).encode()
        assert (await post(client, body)).status_code == 200

    async def test_many_at_once_keep_their_answers_apart(self, serve, scorer, example):
        class FakeEcho:
            """Not a model: answers the CPU it was sent."""

            threshold = 0.5
            manifest = scorer.manifest
            path, path_reason, is_quick = "pipeline", "it is a fake", False
            targets = scorer.targets

            def score(self, values):
                return values[:, 0] / 100

        async with serve(lambda _: FakeEcho()) as client:
            answers = await asyncio.gather(
                *(client.post("/predict", json=example | {"cpu_usage_pct": n}) for n in range(50))
            )
        assert [a.json()["failure_probability"] for a in answers] == [n / 100 for n in range(50)]

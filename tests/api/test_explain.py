"""POST /predict?explain=true: reasons and remedies beside the forecast."""

from __future__ import annotations

import math

import numpy as np
import pytest

from podforecast.api_schema.predict import ExplainedResponse, PredictResponse
from podforecast.domain.catalogue import CATALOGUE
from podforecast.explain.addresses import PodAddress
from podforecast.serving.explaining import explain


async def post(client, example, query):
    return await client.post(f"/predict?{query}", json=example)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("explain=yes", id="another-word"),
        pytest.param("explain=True", id="another-case"),
        pytest.param("explain=", id="empty"),
        pytest.param("explain", id="without-a-value"),
        pytest.param("explain=2", id="another-number"),
        pytest.param("explain=true&explain=false", id="twice"),
        pytest.param("explain=%ff%00", id="no-utf-8"),
        pytest.param(f"explain={'x' * 5000}", id="long"),
    ],
)
async def test_what_is_no_yes_or_no_is_refused_by_name(client, scorer, example, query):
    answer = await post(client, example, query)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["field"] == "explain"
    assert fault["message"] == "must be one of true, 1, false, 0, once"
    assert len(fault["sent"]) <= 80
    assert "?explain=true" in fault["hint"]
    assert not scorer.asked


async def test_a_body_that_can_not_be_used_is_refused_as_without_it(client, example):
    del example["cpu_usage_pct"]
    answer = await post(client, example, "explain=true")
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["cpu_usage_pct"]


@pytest.mark.parametrize("query", ["", "explain=false", "explain=0", "other=true"])
async def test_nothing_is_explained_unless_asked_for(client, example, query):
    answer = (await post(client, example, query)).json()
    assert set(answer) == set(PredictResponse.model_fields)


@pytest.mark.parametrize("query", ["explain=true", "explain=1"])
async def test_reasons_and_remedies_are_added_to_the_same_forecast(client, example, query):
    plain = (await post(client, example, "")).json()
    explained = (await post(client, example, query)).json()
    ExplainedResponse.model_validate(explained)
    added = {"explanation", "recommendations", "issue_type", "pod_status"}
    assert {name: value for name, value in explained.items() if name not in added} == plain
    assert set(explained) - set(plain) == added


async def test_the_largest_reason_comes_first_in_words(client, example):
    reasons = (await post(client, example, "explain=true")).json()["explanation"]["reasons"]
    assert [reason["feature"] for reason in reasons] == [
        "memory_usage_pct", "cpu_usage_pct", "deployment_uptime_hrs",
    ]  # fmt: skip
    query = reasons[0].pop("promql")
    assert 'kube_pod_info{pod="' in query
    assert reasons[0] == {
        "feature": "memory_usage_pct",
        "value": 95.2,
        "unit": "% of limit",
        "window": "now",
        "typical_low": 10.0,
        "typical_high": 70.0,
        "typical_of": "healthy pods",
        "contribution": 2.0,
        "direction": "raises",
        "sentence": "Memory usage is 95.2 % of its limit; usually 10 to 70 %.",
    }
    assert reasons[2]["direction"] == "lowers"


async def test_base_reasons_and_other_add_up_to_the_log_odds_of_the_probability(client, example):
    answer = (await post(client, example, "explain=true")).json()
    explanation, p = answer["explanation"], answer["failure_probability"]
    total = (
        explanation["base_log_odds"]
        + sum(reason["contribution"] for reason in explanation["reasons"])
        + explanation["other"]
    )
    assert total == pytest.approx(explanation["log_odds"], abs=1e-6)
    assert explanation["log_odds"] == pytest.approx(math.log(p / (1 - p)))


async def test_remedies_name_the_pod_in_its_namespace(client, example):
    example["pod_id"] = "shop/cart-0"
    answer = (await post(client, example, "explain=true")).json()
    actions = [action for remedy in answer["recommendations"] for action in remedy["actions"]]
    assert "kubectl top pod -n shop cart-0 --containers" in actions


async def test_a_name_that_is_no_name_never_gets_into_a_command(client, example):
    example["pod_id"] = "x; rm -rf / #\u0000"
    answer = (await post(client, example, "explain=true")).json()
    assert "rm -rf" not in str(answer["recommendations"])


def test_explaining_takes_a_pod_of_the_fleet_as_well(scorer):
    row = np.full(len(CATALOGUE), np.nan)
    row[1] = 91.0
    found = explain(scorer, row, 0.9, PodAddress(name="cart-0", namespace="shop"))
    assert found["explanation"]["reasons"][0]["value"] == 91.0
    assert found["recommendations"][0]["title"] == "Memory is close to its limit"


async def test_the_documentation_names_the_question_and_both_answers(client):
    document = (await client.get("/openapi.json")).json()
    operation = document["paths"]["/predict"]["post"]
    (parameter,) = operation["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == (
        "explain", "query", False,
    )  # fmt: skip
    assert parameter["schema"]["enum"] == ["true", "1", "false", "0"]
    answers = operation["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]
    named = [answer["$ref"].removeprefix("#/components/schemas/") for answer in answers]
    assert named == [
        "PredictResponse",
        "ExplainedResponse",
        "WatchedPodResponse",
        "ExplainedWatchedPodResponse",
    ]
    assert {*named, "ExplanationOut", "ReasonOut", "RecommendationOut"} <= set(
        document["components"]["schemas"]
    )

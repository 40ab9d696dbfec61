"""POST /predict by name: the pod as the latest scan saw it."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from podforecast.api_schema.watched_pod import ExplainedWatchedPodResponse, WatchedPodResponse
from podforecast.domain.catalogue import CATALOGUE
from tests.api.conftest import fake_manifest
from tests.api.fleets import client_of, fleet_app
from tests.watcher.made_up import MemoryModel, WallClock, minute, write_campaign

LEAK = {"pod_name": "cart-0", "namespace": "shop"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_campaign(tmp_path_factory.mktemp("data"))


@pytest.fixture
def wall():
    return WallClock()


@pytest.fixture
def app(data_dir, wall):
    """Minute 16.75: cart-0 leaks and is at risk, cart-1 backs off, `silent` is never scraped."""
    model = MemoryModel(manifest=fake_manifest())
    return fleet_app(data_dir, wall=wall, load=lambda _: model)


@pytest.fixture
async def client(app):
    async with client_of(app) as client:
        yield client


class TestRefused:
    @pytest.mark.parametrize(
        ("body", "field", "message"),
        [
            pytest.param({"pod_name": "cart-0"}, "namespace", "is required", id="no-namespace"),
            pytest.param(LEAK | {"pod_name": 7}, "pod_name", "must be text", id="number"),
            pytest.param(LEAK | {"pod_name": None}, "pod_name", "must be text", id="null"),
            pytest.param(LEAK | {"namespace": ""}, "namespace", "must not be empty", id="empty"),
            pytest.param(LEAK | {"pod_name": "x" * 254}, "pod_name", "at most 253", id="long"),
            pytest.param(LEAK | {"cluster": "a"}, "cluster", "is not a field", id="unknown"),
        ],
    )
    async def test_a_field_is_refused_by_name(self, client, body, field, message):
        answer = await client.post("/predict", json=body)
        assert answer.status_code == 422
        (problem,) = answer.json()["errors"]
        assert (problem["field"], message in problem["message"]) == (field, True)
        assert problem["hint"]

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(LEAK | {"cpu_usage_pct": 5}, id="both-forms"),
            pytest.param({"namespace": "shop"}, id="namespace-alone"),
            pytest.param([LEAK], id="array"),
        ],
    )
    async def test_what_does_not_name_a_pod_is_refused_as_measurements(self, client, body):
        answer = await client.post("/predict", json=body)
        assert answer.status_code == 422
        assert {fault["field"] for fault in answer.json()["errors"]} & {"pod_id", "(body)"}

    @pytest.mark.parametrize(
        ("pod", "hint"),
        [
            pytest.param("cart-O", "Did you mean shop/cart-", id="misspelt"),
            pytest.param("gone", "It may be gone", id="gone"),
        ],
    )
    async def test_an_unknown_pod_is_not_found(self, client, pod, hint):
        answer = await client.post("/predict", json=LEAK | {"pod_name": pod})
        assert answer.status_code == 404
        assert hint in answer.json()["hint"]

    async def test_a_pod_of_which_too_little_is_known(self, client):
        answer = await client.post("/predict", json={"pod_name": "silent", "namespace": "ops"})
        assert (answer.status_code, answer.json()["title"]) == (409, "Insufficient data")
        assert answer.json()["detail"] == (
            "0% of the samples of ops/silent in the last 3 minutes are there,"
            " and a forecast needs 60%"
        )

    async def test_without_a_source_it_says_how_to_have_one(self, wall):
        model = MemoryModel(manifest=fake_manifest())
        app = fleet_app(None, wall=wall, load=lambda _: model, ticks=0)
        async with client_of(app) as client:
            answer = await client.post("/predict", json=LEAK)
        assert answer.status_code == 503
        assert "PODFORECAST_SOURCE=prometheus" in answer.json()["hint"]

    async def test_a_scan_older_than_the_horizon_is_no_forecast(self, client, wall):
        wall.seconds += 30.0
        assert (await client.post("/predict", json=LEAK)).status_code == 200
        wall.seconds += 1.0
        answer = await client.post("/predict", json=LEAK)
        assert answer.status_code == 503
        assert "older than the horizon. The last scan was made 31 s ago." in answer.json()["detail"]


class TestAnswered:
    async def test_a_forecast_has_what_it_was_made_from(self, client):
        answer = await client.post("/predict", json=LEAK)
        found = WatchedPodResponse.model_validate_json(answer.content)
        assert found.input.model_dump() == LEAK
        assert (found.state, found.prediction, found.risk_level) == (
            "at_risk",
            "at_risk",
            "critical",
        )
        listed = (await client.get("/pods/shop/cart-0")).json()["pod"]
        assert found.failure_probability == listed["failure_probability"]
        fetched = found.metrics_fetched
        assert fetched.measured_at.timestamp() == minute(16.75)
        assert (fetched.age_seconds, fetched.coverage) == (0.0, 1.0)
        assert list(fetched.features) == [feature.name for feature in CATALOGUE]
        assert fetched.features["memory_usage_pct"].value == pytest.approx(84.98, abs=0.1)
        assert fetched.features["memory_usage_pct"].unit == "% of limit"
        assert fetched.features["request_latency_ms"].value is None

    async def test_it_tells_what_happened_lately(self, client):
        answer = await client.post("/predict", json=LEAK)
        activity = WatchedPodResponse.model_validate_json(answer.content).pod_activity
        assert activity.workload == "shop/cart"
        assert activity.watched_since.timestamp() <= minute(16.75)
        assert (activity.failures, activity.restarts_1h) == ((), None)
        assert [alarm.outcome for alarm in activity.alarms] == ["open"]

    async def test_a_pod_that_fails_already_is_not_scored(self, client):
        answer = await client.post("/predict?explain=true", json=LEAK | {"pod_name": "cart-1"})
        found = ExplainedWatchedPodResponse.model_validate_json(answer.content)
        assert (found.state, found.failure_probability, found.prediction) == ("failing", None, None)
        assert [failure.cause for failure in found.pod_activity.failures] == ["exit"]
        assert (found.explanation, found.recommendations) == (None, ())

    async def test_it_is_explained_where_asked_for(self, client):
        answer = await client.post("/predict?explain=true", json=LEAK)
        found = ExplainedWatchedPodResponse.model_validate_json(answer.content)
        assert found.explanation.reasons[0].feature == "memory_usage_pct"
        assert found.recommendations

    async def test_it_is_counted_as_a_forecast(self, client):
        await client.post("/predict", json=LEAK)
        await client.post("/predict", json=LEAK | {"pod_name": "cart-1"})
        text = (await client.get("/metrics")).text
        found = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        assert found["podforecast_forecasts_total", "at_risk"] == 1
        assert found["podforecast_forecasts_total", "stable"] == 0

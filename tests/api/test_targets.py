"""Kind of trouble and status to expect, wherever the service sends them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podforecast.api_schema.fleet import FleetOut, PodDetailOut
from podforecast.api_schema.predict import ExplainedResponse
from podforecast.api_schema.prediction import PredictionOut
from podforecast.domain.pods import PodStatus
from podforecast.model.targets.forecaster import Targets
from podforecast.watcher.outlook import status_now
from tests.api.conftest import FakeScorer, fake_manifest
from tests.api.fake_targets import fake_targets
from tests.api.fleets import client_of, fleet_app
from tests.watcher.made_up import MemoryModel, WallClock, block, write_campaign

EXAMPLE = json.loads((Path(__file__).parents[2] / "example.json").read_text())
WHY = "this model was trained without it; run `python train_model.py`"


class TestMeasuredByTheClient:
    @pytest.fixture
    async def service(self, serve):
        async with serve(lambda _: FakeScorer(targets=fake_targets())) as client:
            yield client

    async def explained(self, client, **changes):
        answer = await client.post("/predict?explain=true", json=EXAMPLE | changes)
        return ExplainedResponse.model_validate_json(answer.content)

    async def test_only_who_asks_why_is_told(self, service):
        answer = (await service.post("/predict", json=EXAMPLE)).json()
        assert "issue_type" not in answer

    async def test_the_trouble_never_contradicts_the_probability(self, service):
        told = await self.explained(service)
        assert told.issue_type.type == "resource_exhaustion"
        assert told.issue_type.distribution["none"] == pytest.approx(1 - told.failure_probability)
        assert sum(told.issue_type.distribution.values()) == pytest.approx(1.0)
        assert told.issue_type.confidence == pytest.approx(0.9 * 0.7)

    async def test_all_types_and_statuses_are_listed(self, service):
        told = await self.explained(service)
        assert len(told.issue_type.distribution) == 5
        assert list(told.pod_status.distribution) == list(PodStatus)

    async def test_the_status_now_is_not_known_and_taken_as_running(self, service):
        told = (await self.explained(service)).pod_status
        assert (told.now, told.in_5_minutes) == (None, "Running")
        assert told.confidence == pytest.approx(0.9)

    async def test_a_model_without_targets_answers_null(self, client):
        told = await self.explained(client)
        assert told.issue_type is None
        assert told.pod_status is None

    async def test_below_threshold_and_a_half_nothing_is_named(self, serve):
        calm = FakeScorer(answer=0.2, threshold=0.3, targets=fake_targets())
        async with serve(lambda _: calm) as client:
            told = await self.explained(client)
        assert (told.issue_type.type, told.issue_type.confidence) == ("none", 0.8)


class TestReadiness:
    async def test_says_what_is_not_forecast_and_why(self, serve, caplog):
        scorer = FakeScorer(targets=Targets(missing={"issue_type": WHY}))
        async with serve(lambda _: scorer) as client:
            answer = (await client.get("/readyz")).json()
        assert answer["targets_missing"] == {"issue_type": WHY}
        assert answer["status"] == "ready"
        assert "event=target_missing target=issue_type" in caplog.text


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_campaign(tmp_path_factory.mktemp("data"))


@pytest.fixture
async def fleet(data_dir):
    """Minute 16.75: cart-0 leaks and is at risk, cart-1 backs off, `silent` is never scraped."""
    model = MemoryModel(manifest=fake_manifest(), targets=fake_targets())
    app = fleet_app(data_dir, wall=WallClock(), load=lambda _: model)
    async with client_of(app) as client:
        yield client


class TestWatched:
    async def pods(self, client, query=""):
        answer = await client.get(f"/pods{query}")
        fleet = FleetOut.model_validate_json(answer.content)
        return {pod.name: pod.issue_type for pod in fleet.pods}

    async def test_the_table_names_trouble_where_there_is_a_probability(self, fleet):
        found = await self.pods(fleet)
        assert found["cart-0"] == "resource_exhaustion"
        assert found["pay-0"] == "none"
        assert (found["cart-1"], found["silent"]) == (None, None)

    async def test_the_table_can_be_asked_for_a_kind(self, fleet):
        assert list(await self.pods(fleet, "?issue_type=resource_exhaustion")) == ["cart-0"]
        assert await self.pods(fleet, "?issue_type=network_issue") == {}

    async def test_a_kind_that_is_none_is_refused(self, fleet):
        answer = await fleet.get("/pods?issue_type=network")
        assert answer.status_code == 422
        assert "network_issue" in answer.text

    async def test_a_pod_at_risk_has_both(self, fleet):
        answer = await fleet.get("/pods/shop/cart-0")
        told = PodDetailOut.model_validate_json(answer.content)
        assert told.issue_type.type == "resource_exhaustion"
        assert told.issue_type.distribution["none"] == pytest.approx(
            1 - told.pod.failure_probability
        )
        assert (told.pod_status.now, told.pod_status.in_5_minutes) == ("Running", "Running")

    async def test_a_calm_pod_is_worked_out_when_asked_for(self, fleet):
        told = PodDetailOut.model_validate_json((await fleet.get("/pods/shop/pay-0")).content)
        assert told.issue_type.type == "none"
        assert told.pod_status.now == "Running"

    async def test_a_failing_pod_has_a_status_and_no_trouble_ahead(self, fleet):
        told = PodDetailOut.model_validate_json((await fleet.get("/pods/shop/cart-1")).content)
        assert told.issue_type is None
        assert told.pod_status.now == "CrashLoopBackOff"
        assert told.pod_status.in_5_minutes == "CrashLoopBackOff"

    async def test_a_named_pod_is_told_the_same(self, fleet):
        named = {"pod_name": "cart-0", "namespace": "shop"}
        told = (await fleet.post("/predict?explain=true", json=named)).json()
        shown = (await fleet.get("/pods/shop/cart-0")).json()
        assert told["issue_type"] == shown["issue_type"]
        assert told["pod_status"] == shown["pod_status"]

    async def test_the_riskiest_are_listed_with_both(self, fleet):
        answer = await fleet.get("/prediction")
        told = {
            each.pod: each for each in PredictionOut.model_validate_json(answer.content).predictions
        }
        assert told["cart-0"].issue_type.type == "resource_exhaustion"
        assert told["cart-0"].pod_status.now == "Running"
        assert told["cart-1"].issue_type is None
        assert told["cart-1"].pod_status.now == "CrashLoopBackOff"


class TestStatusNow:
    def test_is_the_latest_that_was_scraped_within_the_window(self):
        recorded = block().until(40)
        status = recorded.signals["status_code"].copy()
        status[0, -3:], status[1], status[2] = np.nan, np.nan, 4.0
        found = status_now(replace(recorded, signals={**recorded.signals, "status_code": status}))
        assert found[:3].tolist() == [0, -1, 4]

    def test_is_not_known_where_nobody_tells(self):
        recorded = block().until(40)
        assert set(status_now(replace(recorded, signals={})).tolist()) == {-1}

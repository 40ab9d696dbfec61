"""GET /prediction: what is refused, and which pods it names with which reasons."""

from __future__ import annotations

import pytest

from podforecast.api_schema.prediction import PredictionOut
from podforecast.domain.pods import PodRef
from tests.api.conftest import fake_manifest
from tests.api.fleets import client_of, fleet_app, no_model
from tests.watcher.made_up import MemoryModel, WallClock, write_campaign


class CountingModel(MemoryModel):
    """A fake that counts how often it was asked why."""

    asked_why = 0

    def contributions(self, values):
        self.asked_why += 1
        return super().contributions(values)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_campaign(tmp_path_factory.mktemp("data"))


@pytest.fixture
def model():
    return CountingModel(manifest=fake_manifest())


@pytest.fixture
def app(data_dir, model):
    """Minute 16.75: cart-0 leaks and is at risk, cart-1 backs off, `silent` is never scraped."""
    return fleet_app(data_dir, wall=WallClock(), load=lambda _: model)


@pytest.fixture
async def client(app):
    async with client_of(app) as client:
        yield client


async def predictions(client, query=""):
    answer = await client.get(f"/prediction{query}")
    return PredictionOut.model_validate_json(answer.content)


class TestRefused:
    @pytest.mark.parametrize(
        ("query", "field", "message"),
        [
            pytest.param("limit=0", "limit", "must be from 1 to 500", id="limit-0"),
            pytest.param("limit=501", "limit", "must be from 1 to 500", id="limit-501"),
            pytest.param("limit=all", "limit", "must be a whole number", id="limit-in-words"),
            pytest.param("namespace=", "namespace", "must not be empty", id="namespace-empty"),
            pytest.param("offset=5", "offset", "is not a parameter", id="of-another-route"),
        ],
    )
    async def test_a_parameter_is_refused_by_name(self, client, query, field, message):
        answer = await client.get(f"/prediction?{query}")
        assert answer.status_code == 422
        (problem,) = answer.json()["errors"]
        assert (problem["field"], message in problem["message"]) == (field, True)

    @pytest.mark.parametrize(
        ("watched", "load", "detail"),
        [
            pytest.param(False, None, "this service watches no fleet", id="no-source"),
            pytest.param(True, no_model, "no model has been trained", id="no-model"),
        ],
    )
    async def test_without_a_scan_it_says_why(self, data_dir, model, watched, load, detail):
        app = fleet_app(
            data_dir if watched else None,
            wall=WallClock(),
            load=load or (lambda _: model),
            ticks=int(watched),
        )
        async with client_of(app) as client:
            answer = await client.get("/prediction")
        assert (answer.status_code, answer.json()["detail"]) == (503, detail)


class TestAnswered:
    async def test_before_the_first_scan_it_is_empty_and_says_why(self, data_dir, model):
        app = fleet_app(data_dir, wall=WallClock(), load=lambda _: model, ticks=0)
        async with client_of(app) as client:
            answer = await predictions(client)
        assert (answer.source.state, answer.total, answer.predictions) == ("starting", 0, ())

    async def test_failing_pods_then_the_riskiest_with_reasons_and_what_to_do(self, client):
        answer = await predictions(client)
        assert (answer.model_version, answer.threshold, answer.watch_threshold) == (
            "fake-1",
            0.8,
            0.1,
        )
        assert answer.counts.failing == 1
        failing, leak, *others = answer.predictions
        assert (failing.pod, failing.state, failing.failure_probability) == (
            "cart-1",
            "failing",
            None,
        )
        assert (failing.prediction, failing.reasons, failing.recommendation) == (None, (), None)
        assert failing.last_failure.cause == "exit"
        assert (leak.namespace, leak.pod, leak.workload) == ("shop", "cart-0", "shop/cart")
        assert (leak.prediction, leak.state, leak.muted) == ("at_risk", "at_risk", False)
        assert "Memory usage is 8" in leak.reasons[0]
        assert leak.recommendation.actions
        assert [pod.state for pod in others] == ["stable", "stable"]

    async def test_pods_below_the_watch_threshold_are_none_to_look_at(self, data_dir, model):
        model.threshold = 0.9
        model.score = lambda values: MemoryModel.score(model, values) / 10.0
        app = fleet_app(data_dir, wall=WallClock(), load=lambda _: model)
        async with client_of(app) as client:
            answer = await predictions(client)
        assert [pod.state for pod in answer.predictions] == ["failing"]

    @pytest.mark.parametrize(
        ("query", "total", "shown"),
        [
            pytest.param("?limit=1", 4, ["cart-1"], id="limit"),
            pytest.param("?namespace=ops", 1, ["late.pod-ä"], id="namespace"),
            pytest.param("?namespace=ops&namespace=shop&limit=2", 4, ["cart-1", "cart-0"], id="or"),
            pytest.param("?namespace=nowhere", 0, [], id="nowhere"),
        ],
    )
    async def test_filters(self, client, query, total, shown):
        answer = await predictions(client, query)
        assert (answer.total, [pod.pod for pod in answer.predictions]) == (total, shown)

    async def test_asking_explains_nothing_anew(self, client, model):
        worked_out = model.asked_why
        await predictions(client)
        await predictions(client)
        assert model.asked_why == worked_out == 1

    async def test_pods_whose_owners_asked_for_silence_say_so(self, data_dir, model, monkeypatch):
        monkeypatch.setattr(
            "podforecast.watcher.replay.ReplaySource.muted",
            lambda *_: frozenset({PodRef("shop", "cart-0")}),
        )
        app = fleet_app(data_dir, wall=WallClock(), load=lambda _: model)
        async with client_of(app) as client:
            answer = await predictions(client)
        assert [pod.pod for pod in answer.predictions if pod.muted] == ["cart-0"]

"""GET /simulate/{count}: simulated clusters, forecast by the model, said to be simulated."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime

import numpy as np
import pytest

from podforecast.api_schema.simulate import SimulationOut
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.explanation import Contributions
from podforecast.domain.issues import FAILING_ISSUES, IssueType
from podforecast.errors import ModelNotReady
from podforecast.explain.explained import Explained
from podforecast.explain.reasons import explain
from podforecast.features.build import build
from podforecast.serving.simulation.clusters import CLUSTERS_AT_ONCE, clusters
from podforecast.serving.simulation.issues import issue_of
from podforecast.serving.simulation.metrics import metrics_of
from podforecast.serving.simulation.room import MOST_HELD
from podforecast.serving.simulation.simulator import Simulator
from podforecast.telemetry.simulator.fleet import simulate
from tests.api.conftest import fake_manifest
from tests.watcher.made_up import MemoryModel

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAST_END = feature_index("last_termination_reason")


@pytest.fixture
def model(make_manifest):
    """Says how full the memory is: a probability that is easily known."""
    return MemoryModel(manifest=make_manifest())


@pytest.fixture
async def client(serve, model):
    async with serve(lambda _: model) as client:
        yield client


async def ordered(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return SimulationOut.model_validate_json(answer.content)


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "field", "must_be", "sent"),
        [
            pytest.param("/simulate/0", "count", "from 1 to 1000", "0", id="none"),
            pytest.param("/simulate/1001", "count", "from 1 to 1000", "1001", id="too-many"),
            pytest.param("/simulate/-1", "count", "from 1 to 1000", "-1", id="negative"),
            pytest.param("/simulate/abc", "count", "a whole number", "abc", id="a-word"),
            pytest.param("/simulate/1.5", "count", "a whole number", "1.5", id="a-fraction"),
            pytest.param("/simulate/1?seed=-1", "seed", "from 0 to 4294967295", "-1", id="seed"),
            pytest.param("/simulate/1?seed=", "seed", "a whole number", "", id="empty-seed"),
            pytest.param("/simulate/1?seed=1&seed=2", "seed", "given once", "1, 2", id="twice"),
            pytest.param("/simulate/1?sede=1", "sede", "not a parameter", "1", id="unknown"),
        ],
    )
    async def test_what_can_not_be_used_is_named_with_the_way_out(
        self, client, path, field, must_be, sent
    ):
        answer = await client.get(path)
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert (fault["field"], fault["sent"]) == (field, sent)
        assert must_be in fault["message"]
        assert fault["hint"]

    async def test_without_a_model_there_is_no_forecast(self, serve):
        def none(_):
            raise ModelNotReady("there is no model", hint="Train one.")

        async with serve(none) as client:
            answer = await client.get("/simulate/1")
        assert answer.status_code == 503
        assert answer.json()["hint"].startswith("Train one.")

    async def test_more_orders_than_there_is_room_for_are_turned_away(self, client, model):
        model.score = _Gate(model.score)
        waiting = [asyncio.create_task(client.get("/simulate/1")) for _ in range(MOST_HELD)]
        await model.score.reached()
        answer = await client.get("/simulate/1")
        assert answer.status_code == 503
        assert "room" in answer.json()["detail"]
        assert answer.headers["retry-after"]
        assert (await client.get("/livez")).status_code == 200
        model.score.open()
        assert {(await task).status_code for task in waiting} == {200}


class _Gate:
    """Not a score: waits in its thread until it is opened, then scores."""

    def __init__(self, score):
        self._score, self._here, self._open = score, threading.Event(), threading.Event()

    def __call__(self, values):
        self._here.set()
        assert self._open.wait(timeout=30)
        return self._score(values)

    async def reached(self):
        assert await asyncio.to_thread(self._here.wait, 30)

    def open(self):
        self._open.set()


class TestAnswer:
    async def test_it_says_that_it_is_simulated_and_how_to_have_it_again(self, client):
        first = await ordered(client, "/simulate/3")
        assert first.simulated is True
        assert len(first.clusters) == first.count == 3
        again = await ordered(client, f"/simulate/3?seed={first.seed}")
        assert [each.metrics for each in again.clusters] == [
            each.metrics for each in first.clusters
        ]
        assert [each.prediction for each in again.clusters] == [
            each.prediction for each in first.clusters
        ]

    async def test_another_seed_gives_other_clusters(self, client):
        one, other = [await ordered(client, f"/simulate/2?seed={seed}") for seed in (1, 2)]
        assert one.clusters[0].metrics != other.clusters[0].metrics

    async def test_simulated_forecasts_are_not_counted_among_real_ones(self, client):
        await ordered(client, "/simulate/2")
        text = (await client.get("/metrics")).text
        assert "podforecast_failure_probability_count 0.0" in text

    async def test_every_cluster_has_nodes_pods_and_a_time(self, client):
        for cluster in (await ordered(client, "/simulate/3?seed=4")).clusters:
            assert cluster.metrics.pod_count == 6
            assert 2 <= cluster.metrics.node_count <= 4
            assert 0 < cluster.metrics.cpu_utilization < 100
            assert 0 < cluster.metrics.memory_utilization < 100
            assert cluster.timestamp.tzinfo is not None

    async def test_a_watcher_alone_simulates_nothing(self, serve, model):
        async with serve(lambda _: model, headless=True) as client:
            assert (await client.get("/simulate/1")).status_code == 404


class SteepModel(MemoryModel):
    """A fake model: memory frightens it only near the limit, so that most clusters are quiet."""

    def score(self, values):
        return np.clip(super().score(values) ** 6, 0.001, 0.999)


@pytest.fixture(scope="module")
def many():
    """More clusters than one part has."""
    count = CLUSTERS_AT_ONCE + 50
    model = SteepModel(manifest=fake_manifest(threshold=0.7), threshold=0.7)
    return list(clusters(count, seed=3, model=model, at=NOON)), model


class TestClusters:
    def test_all_are_there_in_order_and_parts_are_not_alike(self, many):
        found, _ = many
        assert [each["cluster_id"] for each in found] == [
            f"cluster-{number:04d}" for number in range(CLUSTERS_AT_ONCE + 50)
        ]
        assert found[0]["metrics"] != found[CLUSTERS_AT_ONCE]["metrics"]

    def test_an_issue_is_foretold_where_a_pod_is_at_risk_or_failing(self, many):
        states = {True: set(), False: set()}
        for cluster in many[0]:
            told = cluster["prediction"]
            assert told["will_have_issue"] == bool(told["pods_at_risk"] + told["pods_failing"])
            states[told["will_have_issue"]].add(told["state"])
        assert states == {True: {"failing", "at_risk"}, False: {"watch", "stable"}}

    def test_no_issue_has_a_type_and_an_issue_has_one(self, many):
        for cluster in many[0]:
            told = cluster["prediction"]
            quiet = told["state"] == "stable"
            assert (told["issue_type"] is IssueType.NONE) == quiet

    def test_a_cluster_is_at_least_as_likely_to_fail_as_its_riskiest_pod(self, many):
        for cluster in many[0]:
            told = cluster["prediction"]
            pod = told["leading_pod"]["failure_probability"]
            if told["state"] == "failing":
                assert told["issue_probability"] == 1.0
                assert np.isnan(pod)
            else:
                assert pod <= told["issue_probability"] <= 1.0

    def test_pods_above_the_watch_threshold_are_explained_with_something_to_do(self, many):
        for cluster in many[0]:
            told = cluster["prediction"]
            assert told["recommendation"]["description"]
            if told["state"] == "at_risk":
                assert told["leading_pod"]["reasons"]

    def test_the_truth_is_told_beside_and_covers_every_kind_of_trouble(self, many):
        truths = [cluster["truth"] for cluster in many[0]]
        assert {truth["issue_type"] for truth in truths} == set(IssueType)
        for truth in truths:
            assert (truth["pod"] is None) == (truth["issue_type"] is IssueType.NONE)
            if truth["failed_at"] is not None:
                assert truth["began_at"] < truth["failed_at"] <= NOON

    def test_metrics_are_those_of_the_cluster(self, many):
        for cluster in many[0]:
            metrics = cluster["metrics"]
            assert metrics["restarts"] >= 0
            assert 0 <= metrics["error_rate"] <= 1 or np.isnan(metrics["error_rate"])


def test_where_nothing_is_known_of_any_pod_metrics_are_null():
    """All containers of a cluster may be down at once; that is not 0 ms."""
    fleet = simulate(clusters=1, end=NOON, seed=1)
    table = build(fleet.block)
    for name in ("request_latency_ms", "request_rate", "server_error_share"):
        table.values[:, feature_index(name)] = np.nan
    (metrics,) = metrics_of(fleet, table)
    assert np.isnan([metrics["latency_ms"], metrics["error_rate"]]).all()


@pytest.mark.parametrize(
    ("feature", "failing", "ended", "probes", "issue"),
    [
        ("memory_usage_pct", False, "none", 0, IssueType.RESOURCE_EXHAUSTION),
        ("open_fds_pct", False, "none", 0, IssueType.RESOURCE_EXHAUSTION),
        ("request_latency_ms", False, "none", 0, IssueType.NETWORK_ISSUE),
        ("server_error_share", False, "none", 0, IssueType.SERVICE_DISRUPTION),
        ("restarts_1h", False, "none", 0, IssueType.POD_FAILURE),
        ("memory_usage_pct", True, "error", 0, IssueType.POD_FAILURE),
        ("memory_usage_pct", True, "error", 3, IssueType.SERVICE_DISRUPTION),
        ("request_latency_ms", True, "oom_killed", 3, IssueType.RESOURCE_EXHAUSTION),
    ],
    ids=["memory", "descriptors", "latency", "errors", "restarts", "exited", "probed", "oom"],
)
def test_trouble_is_sorted_by_its_leading_reason_or_by_how_it_ended(
    feature, failing, ended, probes, issue
):
    row = np.full(len(CATALOGUE), np.nan)
    row[feature_index(feature)] = 1.0
    row[LAST_END] = CATALOGUE[LAST_END].categories.index(ended)
    row[feature_index("liveness_failures_3m")] = probes
    parts = np.zeros((1, len(CATALOGUE)))
    parts[0, feature_index(feature)] = 2.0
    found = Contributions(method="exact", base=np.zeros(1), parts=parts, log_odds=np.full(1, 2.0))
    why = Explained(explanation=explain(row, found), remedies=())
    assert issue_of(row, why, failing=failing, model=None) is issue


def test_a_model_of_issue_types_goes_before_the_leading_reason():
    class Network:
        """Not a model: sees a network issue in everything."""

        def given_failure(self, values):
            return np.eye(len(FAILING_ISSUES))[[FAILING_ISSUES.index("network_issue")]]

    row = np.zeros(len(CATALOGUE))
    assert issue_of(row, None, failing=False, model=Network()) is IssueType.NETWORK_ISSUE
    assert issue_of(row, None, failing=True, model=Network()) is IssueType.POD_FAILURE


async def test_a_seed_is_drawn_where_none_is_sent(model):
    simulator = Simulator(now=lambda: NOON, draw=lambda: 42)
    body = await simulator.answer(1, seed=None, model=model)
    answer = SimulationOut.model_validate_json(body)
    assert answer.seed == 42
    assert answer.clusters[0].timestamp == NOON

"""GET /pods and GET /pods/{namespace}/{pod}: what is refused, and what a scan answers."""

from __future__ import annotations

import threading
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from podforecast.api_schema.fleet import FleetOut, PodDetailOut
from podforecast.serving.application import create_app
from podforecast.serving.fleet.query import PARAMETERS, FleetQuery, read_query
from podforecast.serving.refusals import InvalidInput
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from tests.api.conftest import fake_manifest
from tests.api.fleets import SPEED, client_of, fleet_app, no_model
from tests.watcher.made_up import (
    CRASH,
    LATE,
    LEAK,
    SILENT,
    MemoryModel,
    WallClock,
    minute,
    write_campaign,
)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    return write_campaign(tmp_path_factory.mktemp("data"))


@pytest.fixture
def model():
    return MemoryModel(manifest=fake_manifest())


@pytest.fixture
def wall():
    return WallClock()


@pytest.fixture
def fleet_of(wall, model):
    """Serve an application of the test's own."""

    def serving(data_dir, load=lambda _: model, ticks=1):
        return client_of(fleet_app(data_dir, wall=wall, load=load, ticks=ticks))

    return serving


@pytest.fixture(scope="module")
def app(data_dir):
    """Minute 16.75: cart-0 leaks and is at risk, cart-1 backs off, `silent` is never scraped."""
    model = MemoryModel(manifest=fake_manifest())
    return fleet_app(data_dir, wall=WallClock(), load=lambda _: model)


@pytest.fixture
async def client(app):
    """Of an application that tests only read."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
def moving_app(data_dir, wall, model):
    return fleet_app(data_dir, wall=wall, load=lambda _: model)


@pytest.fixture
def scan_next(moving_app, wall):
    """Let fifteen seconds pass in the recording, and scan."""

    def scan(times: int = 1) -> None:
        for _ in range(times):
            wall.seconds += 15.0 / SPEED
            moving_app.state.service.fleet.watcher.tick()

    return scan


def names(answer):
    return [f"{pod['namespace']}/{pod['name']}" for pod in answer.json()["pods"]]


def path_of(pod):
    return f"/pods/{pod.namespace}/{pod.name}"


class TestRefused:
    @pytest.mark.parametrize("path", ["/pods", "/pods/shop/cart-0"])
    async def test_without_a_source_it_says_how_to_have_one(self, fleet_of, path):
        async with fleet_of(None, ticks=0) as client:
            answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (
            503,
            "application/problem+json",
        )
        assert "PODFORECAST_SOURCE=replay" in answer.json()["hint"]

    @pytest.mark.parametrize("path", ["/pods", "/pods/shop/cart-0"])
    async def test_without_recordings_it_says_how_to_get_them(self, fleet_of, tmp_path, path):
        async with fleet_of(tmp_path / "data") as client:
            answer = await client.get(path)
            assert (await client.get("/readyz")).status_code == 200
        assert answer.status_code == 503
        assert answer.json()["detail"] == (
            "there is no recorded campaign with the role `test` in data/"
        )
        assert "PODFORECAST_REPLAY__DATA_DIR" in answer.json()["hint"]
        assert str(tmp_path) not in answer.text

    @pytest.mark.parametrize("ticks", [0, 1])
    @pytest.mark.parametrize("path", ["/pods", "/pods/shop/cart-0"])
    async def test_without_a_model_it_says_so(self, fleet_of, data_dir, path, ticks):
        async with fleet_of(data_dir, load=no_model, ticks=ticks) as client:
            answer = await client.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (503, "no model has been trained")

    async def test_a_pod_before_the_first_scan(self, fleet_of, data_dir):
        async with fleet_of(data_dir, ticks=0) as client:
            answer = await client.get("/pods/shop/cart-0")
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "the first scan is being made",
        )

    @pytest.mark.parametrize(
        ("query", "field", "message"),
        [
            pytest.param("limit=0", "limit", "must be from 1 to 500", id="limit-0"),
            pytest.param("limit=501", "limit", "must be from 1 to 500", id="limit-501"),
            pytest.param("limit=ten", "limit", "must be a whole number", id="limit-in-words"),
            pytest.param("limit=1.5", "limit", "must be a whole number", id="limit-fraction"),
            pytest.param("limit=", "limit", "must be a whole number", id="limit-empty"),
            pytest.param("limit=%D9%A3", "limit", "must be a whole number", id="arabic-digit"),
            pytest.param("limit=1_0", "limit", "must be a whole number", id="underscore"),
            pytest.param("limit=5&limit=6", "limit", "must be given once", id="limit-twice"),
            pytest.param("offset=-1", "offset", "must be from 0 to 10000000", id="offset"),
            pytest.param("offset=" + "9" * 400, "offset", "must be a whole number", id="huge"),
            pytest.param("state=sick", "state", "must be one of at_risk", id="state"),
            pytest.param("state=AT_RISK", "state", "must be one of at_risk", id="state-case"),
            pytest.param("sort=age", "sort", "must be one of risk, name", id="sort"),
            pytest.param("min_probability=50%25", "min_probability", "must be a number", id="%"),
            pytest.param("min_probability=nan", "min_probability", "must be a number", id="nan"),
            pytest.param("min_probability=inf", "min_probability", "must be a number", id="inf"),
            pytest.param("min_probability=1e999", "min_probability", "from 0 to 1", id="1e999"),
            pytest.param("min_probability=1.1", "min_probability", "must be from 0 to 1", id="p"),
            pytest.param("namespace=", "namespace", "must not be empty", id="namespace-empty"),
            pytest.param("q=" + "x" * 508, "q", "must have at most 507 characters", id="q-long"),
            pytest.param("namspace=a", "namspace", "is not a parameter", id="misspelt"),
            pytest.param("x" * 900 + "=a", "x" * 80 + "…", "is not a parameter", id="long-name"),
            pytest.param("&".join(["state=stable"] * 51), "state", "at most 50", id="too-often"),
        ],
    )
    async def test_a_parameter_is_refused_by_name(self, client, query, field, message):
        answer = await client.get(f"/pods?{query}")
        assert answer.status_code == 422
        (problem,) = answer.json()["errors"]
        assert problem["field"] == field
        assert message in problem["message"]
        assert problem["hint"]
        assert len(answer.content) < 4000

    async def test_every_fault_is_named_at_once(self, client):
        answer = await client.get("/pods?limit=0&states=x&sort=risky")
        assert [problem["field"] for problem in answer.json()["errors"]] == [
            "limit",
            "states",
            "sort",
        ]
        assert [problem["hint"] for problem in answer.json()["errors"]][1:] == [
            "Did you mean state?",
            "Did you mean risk?",
        ]

    @pytest.mark.parametrize(
        ("path", "hint"),
        [
            pytest.param("/pods/shop/cart-O", "shop/cart-", id="misspelt"),
            pytest.param("/pods/shap/pay-0", "Did you mean shop/pay-0?", id="other-namespace"),
            pytest.param("/pods/ops/gone", "GET /pods lists", id="gone"),
            pytest.param("/pods/%F0%9F%90%99/%22%3E%3Cb%3E", "GET /pods lists", id="nonsense"),
            pytest.param("/pods/shop/%00%0A", "GET /pods lists", id="control-characters"),
        ],
    )
    async def test_an_unknown_pod_is_not_found(self, client, path, hint):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert hint in answer.json()["hint"]

    @pytest.mark.parametrize(
        ("path", "field"),
        [
            pytest.param(f"/pods/shop/{'x' * 254}", "pod", id="pod"),
            pytest.param(f"/pods/{'x' * 254}/cart-0", "namespace", id="namespace"),
        ],
    )
    async def test_a_name_that_no_pod_can_have(self, client, path, field):
        answer = await client.get(path)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field

    @given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5))
    def test_whatever_is_asked_is_read_or_refused(self, pairs):
        try:
            found = read_query(pairs)
        except InvalidInput as refused:
            assert refused.problems  # noqa: PT017 - either is right
        else:
            assert isinstance(found, FleetQuery)


class TestList:
    async def test_before_the_first_scan_it_is_empty_and_says_why(self, fleet_of, data_dir):
        async with fleet_of(data_dir, ticks=0) as client:
            answer = FleetOut.model_validate_json((await client.get("/pods")).content)
        assert (answer.source.state, answer.source.scanned_at) == ("starting", None)
        assert (answer.pods, answer.total, answer.counts.stable) == ((), 0, 0)
        assert (answer.model_version, answer.threshold) == ("fake-1", 0.8)

    async def test_failing_pods_then_the_riskiest_and_those_without_data_last(self, client):
        answer = await client.get("/pods")
        assert names(answer) == [
            "shop/cart-1",
            "shop/cart-0",
            "ops/late.pod-ä",
            "shop/pay-0",
            "ops/silent",
        ]
        assert [pod["state"] for pod in answer.json()["pods"]] == [
            "failing",
            "at_risk",
            "stable",
            "stable",
            "insufficient_data",
        ]

    async def test_it_is_what_the_schema_says(self, client):
        answer = FleetOut.model_validate_json((await client.get("/pods")).content)
        assert answer.source.kind == "replay"
        assert (answer.source.name, answer.source.state, answer.source.speed) == (
            "brook",
            "live",
            SPEED,
        )
        assert answer.source.scanned_at.timestamp() == minute(16.75)
        assert answer.source.interval_seconds == 1.5
        assert answer.counts.model_dump() == {
            "at_risk": 1,
            "failing": 1,
            "insufficient_data": 1,
            "stable": 2,
        }
        assert answer.namespaces == ("ops", "shop")
        failing, leak, *_, silent = answer.pods
        assert failing.failure_probability is None
        assert failing.risk_level is None
        assert failing.last_failure.cause == "exit"
        assert leak.failure_probability == pytest.approx(0.8498, abs=1e-3)
        assert leak.trend[-1] == pytest.approx(leak.failure_probability, abs=1e-4)
        assert leak.memory_usage_pct == pytest.approx(84.98, abs=0.1)
        assert leak.last_failure is None
        assert (silent.coverage, silent.failure_probability) == (0.0, None)
        assert silent.memory_usage_pct is None

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            pytest.param("namespace=ops", ["late.pod-ä", "silent"], id="namespace"),
            pytest.param("namespace=ops&namespace=shop&limit=1", ["cart-1"], id="either"),
            pytest.param("namespace=nowhere", [], id="nowhere"),
            pytest.param("workload=shop/cart", ["cart-1", "cart-0"], id="workload"),
            pytest.param("state=at_risk&state=failing", ["cart-1", "cart-0"], id="states"),
            pytest.param("min_probability=0.3", ["cart-0", "late.pod-ä", "pay-0"], id="p"),
            pytest.param("min_probability=8e-1", ["cart-0"], id="p-scientific"),
            pytest.param(
                "min_probability=0", ["cart-1", "cart-0", "late.pod-ä", "pay-0", "silent"], id="p-0"
            ),
            pytest.param("q=CART", ["cart-1", "cart-0"], id="part-in-any-case"),
            pytest.param("q=shop/pay", ["pay-0"], id="across-the-slash"),
            pytest.param("q=%C3%84", ["late.pod-ä"], id="unicode"),
            pytest.param("q=.*", [], id="no-pattern"),
            pytest.param("q=cart&state=at_risk", ["cart-0"], id="all-filters-hold"),
            pytest.param(
                "sort=name", ["late.pod-ä", "silent", "cart-0", "cart-1", "pay-0"], id="by-name"
            ),
            pytest.param("limit=2&offset=1", ["cart-0", "late.pod-ä"], id="page"),
            pytest.param("offset=10000000", [], id="past-the-end"),
        ],
    )
    async def test_filters(self, client, query, expected):
        answer = await client.get(f"/pods?{query}")
        assert answer.status_code == 200
        assert [pod["name"] for pod in answer.json()["pods"]] == expected
        assert answer.json()["counts"]["stable"] == 2

    async def test_the_total_is_that_of_all_pages(self, client):
        answer = (await client.get("/pods?state=stable&limit=1&offset=1")).json()
        assert (answer["total"], answer["offset"], answer["limit"]) == (2, 1, 1)
        assert len(answer["pods"]) == 1

    async def test_asking_does_not_scan(self, moving_app, wall):
        async with client_of(moving_app) as client:
            before = (await client.get("/pods")).json()
            wall.seconds += 100.0
            after = (await client.get("/pods")).json()
        assert after["source"]["scanned_at"] == before["source"]["scanned_at"]
        assert after["pods"] == before["pods"]

    async def test_the_next_scan_is_answered_as_soon_as_it_is_there(self, moving_app, scan_next):
        async with client_of(moving_app) as client:
            await client.get("/pods")
            scan_next()
            answer = (await client.get("/pods")).json()
        assert answer["source"]["scanned_at"] == "2026-01-01T12:17:00Z"


class TestOnePod:
    async def test_its_story_is_told_and_explained(self, moving_app, scan_next):
        scan_next(times=4 * 4)
        async with client_of(moving_app) as client:
            answer = await client.get(path_of(LEAK))
        detail = PodDetailOut.model_validate_json(answer.content)
        assert detail.source.scanned_at.timestamp() == minute(20.75)
        assert detail.pod.name == LEAK.name
        (event,), (alarm,) = detail.events, detail.alarms
        assert (event.cause, event.at.timestamp()) == ("oom", minute(20) + 5.0)
        assert alarm.outcome == "failed"
        assert event.announced_minutes == pytest.approx(
            (event.at - alarm.began_at).total_seconds() / 60.0
        )
        timeline = detail.timeline
        assert timeline.times[0].timestamp() == minute(10)
        assert timeline.times[-1] == detail.source.scanned_at
        assert [len(series.values) for series in timeline.series] == [len(timeline.times)] * 6
        memory = timeline.series[0]
        assert (memory.name, memory.limit) == ("memory_usage_pct", 100.0)
        assert max(memory.values) > 95.0
        assert detail.explanation.log_odds < 0.0

    async def test_one_at_risk_is_explained_with_what_to_do(self, client):
        detail = PodDetailOut.model_validate_json((await client.get(path_of(LEAK))).content)
        assert detail.explanation.reasons[0].feature == "memory_usage_pct"
        assert detail.recommendations
        assert "-n shop" in " ".join(
            action for each in detail.recommendations for action in each.actions
        )

    @pytest.mark.parametrize("pod", [CRASH, SILENT], ids=["failing", "without-data"])
    async def test_without_a_probability_there_is_no_explanation(self, client, pod):
        detail = PodDetailOut.model_validate_json((await client.get(path_of(pod))).content)
        assert detail.explanation is None
        assert detail.recommendations == ()

    async def test_an_odd_name_is_a_name(self, client):
        answer = await client.get("/pods/ops/late.pod-%C3%A4")
        assert answer.status_code == 200
        assert answer.json()["pod"]["name"] == LATE.name
        assert answer.json()["timeline"]["times"][0] == "2026-01-01T12:15:00Z"


class TestAround:
    async def test_the_description_leads_here(self, client):
        assert (await client.get("/")).json()["links"]["pods"] == "/pods"

    async def test_answers_are_as_documented(self, client):
        document = (await client.get("/openapi.json")).json()
        operation = document["paths"]["/pods"]["get"]
        assert {each["name"] for each in operation["parameters"]} == {
            parameter.name for parameter in PARAMETERS
        }
        for path, asked in (("/pods", "/pods"), ("/pods/{namespace}/{pod}", path_of(LEAK))):
            content = document["paths"][path]["get"]["responses"]["200"]["content"]
            schema = {**content["application/json"]["schema"], "components": document["components"]}
            jsonschema.validate((await client.get(asked)).json(), schema)

    async def test_scans_are_measured(self, moving_app, model, scan_next, monkeypatch):
        monkeypatch.setattr(model, "score", None)
        scan_next()
        async with client_of(moving_app) as client:
            text = (await client.get("/metrics")).text
        found = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        assert found["podforecast_scans_total", "ok"] == 1
        assert found["podforecast_scans_total", "failed"] == 1
        assert found["podforecast_scan_duration_seconds_count",] == 2
        assert found["podforecast_scan_age_seconds",] >= 0.0
        assert found["podforecast_pods", "at_risk"] == 1
        assert found["podforecast_pods", "stable"] == 2

    async def test_the_thread_lives_as_long_as_the_service(self, data_dir, model):
        class TellingSource(ReplaySource):
            """A replay that tells when it has been read for the past, too."""

            def __init__(self, plan):
                super().__init__(plan)
                self.seen = threading.Event()

            def begins(self):
                self.seen.set()
                return super().begins()

        source = TellingSource(ReplayPlan(data_dir=data_dir, start_minute=16.75))
        app = create_app(Path("models"), load=lambda _: model, fleet=source)
        async with app.router.lifespan_context(app):
            assert source.seen.wait(20.0)
            assert "fleet-watcher" in {thread.name for thread in threading.enumerate()}
        assert "fleet-watcher" not in {thread.name for thread in threading.enumerate()}
        assert app.state.service.fleet.watcher.latest is not None

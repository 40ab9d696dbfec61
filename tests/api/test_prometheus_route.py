"""GET /test-prometheus: what it answers, how seldom it asks, and what it does not give away."""

from __future__ import annotations

import threading

import anyio
import pytest

from podforecast.diagnosis.quick import Job, MissingMetric, QuickLook
from podforecast.errors import TelemetryMalformed, TelemetryRefused, TelemetryUnavailable
from podforecast.serving import entry
from podforecast.serving.prometheus_check import KEPT, PrometheusCheck
from podforecast.settings import PrometheusSettings, Settings
from tests.telemetry.misbehaving import failure, misbehaving
from tests.watcher.made_up import WallClock

LOOK = QuickLook(
    address="http://prometheus:9090/",
    product="Prometheus",
    version="2.42.0",
    answered_seconds=0.01,
    up=3,
    down=1,
    jobs=(Job(job="app", up=1, down=1), Job(job="kubelet", up=2, down=0)),
    more_jobs=0,
    metrics=("up",),
    missing=(MissingMetric(name="process_open_fds", exporter="process metrics",
                           signals=("open_fds_ratio",)),),
    signals_unknown=("open_fds_ratio",),
)  # fmt: skip


class Counting:
    """A fake look: answers, or raises, what it was told to, and counts."""

    def __init__(self, answer=LOOK):
        self.answer = answer
        self.asked = 0

    def __call__(self):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def get(serve, scorer, look):
    async with serve(lambda _: scorer, look_at_prometheus=look) as client:
        return await client.get("/test-prometheus")


async def test_without_a_prometheus_the_way_to_one_is_told(serve, scorer):
    answer = await get(serve, scorer, None)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:podforecast:problem:no-prometheus"
    assert "PODFORECAST_SOURCE=prometheus" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(TelemetryUnavailable("down", hint="Wait."), 503, id="down"),
        pytest.param(TelemetryRefused("answered 401", hint="Token."), 502, id="refused"),
        pytest.param(TelemetryMalformed("HTML", hint="Prefix."), 502, id="not a Prometheus"),
    ],
)
async def test_a_prometheus_that_does_not_answer_is_a_problem(serve, scorer, error, status):
    answer = await get(serve, scorer, Counting(error))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["detail"], answer.json()["hint"]) == (error.message, error.hint)


async def test_targets_and_metrics_are_told(serve, scorer):
    answer = await get(serve, scorer, Counting())
    body = answer.json()
    assert answer.status_code == 200
    assert (body["up"], body["down"]) == (3, 1)
    assert body["jobs"][0] == {"job": "app", "up": 1, "down": 1}
    assert body["missing"][0]["signals"] == ["open_fds_ratio"]


@pytest.mark.parametrize("answer", [LOOK, TelemetryUnavailable("down")], ids=["answer", "error"])
async def test_an_answer_is_kept_for_a_while(answer):
    look, wall = Counting(answer), WallClock()
    check = PrometheusCheck(look, clock=wall)

    async def ask():
        try:
            return (await check.result())[1]
        except TelemetryUnavailable:
            return None

    await ask()
    wall.seconds += KEPT.total_seconds() - 1
    assert await ask() in (9.0, None)
    assert look.asked == 1
    wall.seconds += 2
    await ask()
    assert look.asked == 2


async def test_callers_at_the_same_time_share_one_question():
    may_answer, look = threading.Event(), Counting()

    def slow():
        may_answer.wait(10)
        return look()

    check, answers = PrometheusCheck(slow), []

    async def ask():
        answers.append((await check.result())[0])

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        may_answer.set()
    assert (len(answers), look.asked) == (20, 1)


async def test_the_watcher_alone_has_the_route_too(serve, scorer):
    async with serve(lambda _: scorer, look_at_prometheus=Counting(), headless=True) as client:
        assert (await client.get("/test-prometheus")).status_code == 200
        assert (await client.get("/")).json()["links"]["prometheus"] == "/test-prometheus"


def test_the_entry_point_asks_the_prometheus_of_the_settings_and_shows_no_secret():
    with misbehaving(failure(401, "who are you")) as server:
        url = server.url.replace("http://", "http://reader:s3cret@")
        options = entry.service(
            Settings(source="prometheus", prometheus=PrometheusSettings(url=url))
        ).state.service.options
        with pytest.raises(TelemetryRefused) as caught:
            options.look_at_prometheus()
    assert server.asked[0].fields["query"] == "time()"
    assert "s3cret" not in f"{caught.value.message} {caught.value.hint} {options!r}"


def test_a_replay_asks_no_prometheus():
    assert entry.service(Settings(source="replay")).state.service.options.look_at_prometheus is None

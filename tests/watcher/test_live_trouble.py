"""Whatever stands behind the address, a live source says so, and goes on when it is back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import numpy as np
import pytest

from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import HISTORY, STEP
from podforecast.errors import (
    ConfigurationError,
    TelemetryMalformed,
    TelemetryRefused,
    TelemetryUnavailable,
)
from podforecast.features.build import SIGNALS_READ, build
from podforecast.telemetry.prometheus.client import Connection
from podforecast.telemetry.prometheus.threads import in_threads
from podforecast.watcher.live import LivePlan, LiveSource
from podforecast.watcher.watcher import FleetWatcher
from tests.telemetry.misbehaving import (
    by_turns,
    cut_short,
    drip,
    hang_up,
    misbehaving,
    nothing,
    text,
)
from tests.telemetry.prometheus_server import free_port
from tests.watcher.live_server import NOON, STEADY, Cluster, rejected
from tests.watcher.made_up import ModelHolder, WallClock

MEMORY = "memory_usage_ratio"
SECRET = "s3cr3t"  # noqa: S105


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@contextmanager
def live(url: str, *, timeout: float = 5.0, **plan) -> Iterator[LiveSource]:
    connection = Connection(url=url, timeout=timedelta(seconds=timeout))
    source = LiveSource(LivePlan(connection=connection, **plan), clock=WallClock(NOON.timestamp()))
    source.open()
    try:
        yield source
    finally:
        source.close()


def tick(source: LiveSource):
    now = source.now()
    return source.read(SIGNALS_READ, start=now - HISTORY, end=now)


def filled(cluster: Cluster, source: LiveSource):
    """Tick until nothing is missing; a machine under load may need more than one time."""
    for _ in range(10):
        block = tick_later(cluster, source)
        if known(block, MEMORY) == 241 and "to be read" not in source.tell(NOON):
            break
    return block


def tick_later(cluster: Cluster, source: LiveSource):
    cluster.tick()
    return tick(source)


def known(block, signal: str) -> int:
    """Samples of a signal of the first pod."""
    return int(np.isfinite(block.signal(signal)[0]).sum())


ALL_FAIL = [
    pytest.param(text("no", status=401), TelemetryRefused, "401", id="401"),
    pytest.param(text("no", status=403), TelemetryRefused, "403", id="403"),
    pytest.param(text("busy", status=503), TelemetryUnavailable, "503", id="503"),
    pytest.param(hang_up, TelemetryUnavailable, "did not answer", id="hangs up"),
    pytest.param(nothing, TelemetryUnavailable, "in time", id="hangs"),
    pytest.param(
        text("<html>Sign in</html>", kind="text/html"), TelemetryMalformed, "Sign in", id="HTML"
    ),
    pytest.param(
        text('{"status":"success","data":{"resultTy'), TelemetryMalformed, "JSON", id="half JSON"
    ),
    pytest.param(cut_short('{"status":"succ'), TelemetryMalformed, "broke off", id="truncated"),
]


def test_a_prometheus_that_is_down_at_the_start_may_come_up():
    with (
        live(f"http://127.0.0.1:{free_port()}") as source,
        pytest.raises(TelemetryUnavailable, match="did not answer") as caught,
    ):
        source.now()
    assert "URL" in caught.value.hint


@pytest.mark.parametrize(("answer", "error", "words"), ALL_FAIL)
def test_trouble_at_the_start_is_told_and_over_when_it_is_over(cluster, answer, error, words):
    timeout = 1.0 if answer is nothing else 5.0
    with misbehaving(cluster) as server, live(server.url, timeout=timeout) as source:
        cluster.trouble[""] = answer
        with pytest.raises(error, match=words):
            tick(source)
        cluster.trouble.clear()
        assert known(filled(cluster, source), MEMORY) == 241


@pytest.mark.parametrize(("answer", "error", "words"), ALL_FAIL)
def test_trouble_in_the_middle_of_a_scan_leaves_a_gap_that_is_filled(cluster, answer, error, words):
    timeout = 1.0 if answer is nothing else 5.0
    with misbehaving(cluster) as server, live(server.url, timeout=timeout) as source:
        filled(cluster, source)
        lost = cluster.tick().timestamp()
        cluster.trouble["signal"] = answer
        with pytest.raises(error, match=words):
            tick(source)
        cluster.trouble.clear()
        cluster.asked_of.clear()
        block = filled(cluster, source)
    assert known(block, MEMORY) == 241
    assert min(float(asked.get("start", lost)) for asked in cluster.asked_of) == lost


def test_an_answer_that_never_ends_is_ended(cluster):
    with misbehaving(cluster) as server, live(server.url, timeout=1.0) as source:
        cluster.trouble["time()"] = drip
        with pytest.raises(TelemetryUnavailable, match="in time"):
            tick(source)


def test_a_steady_scan_asks_a_dozen_instant_queries_however_many_pods(cluster):
    cluster.pods = [("shop", f"pod-{number}") for number in range(30)]
    with misbehaving(cluster) as server, live(server.url) as source:
        tick(source)
        cluster.tick()
        cluster.asked_of.clear()
        tick(source)
    assert len(cluster.asked_of) <= 12
    assert all("time" in asked for asked in cluster.asked_of)


def test_a_pack_that_fails_is_unknown_told_and_asked_for_again(cluster):
    with misbehaving(cluster) as server, live(server.url) as source:
        tick(source)
        now = cluster.tick()
        cluster.trouble[f'"{MEMORY}"'] = text("overloaded", status=503)
        block = tick(source)
        assert np.isnan(block.signal(MEMORY)[:, -1]).all()
        assert np.isfinite(block.signal("cpu_usage_ratio")[:, -1]).all()
        assert "Not answered: memory_usage_ratio (Prometheus answered 503" in source.tell(now)
        cluster.trouble.clear()
        assert known(tick_later(cluster, source), MEMORY) == 241
        assert "Not answered" not in source.tell(now)


def test_too_little_coverage_is_no_forecast(cluster):
    cluster.trouble[f'"{MEMORY}"'] = text("overloaded", status=503)
    with misbehaving(cluster) as server, live(server.url) as source:
        table = build(tick(source))
    np.testing.assert_array_equal(table.coverage, 0.5)


def test_a_lost_answer_is_asked_for_once_more(cluster):
    with misbehaving(cluster) as server, live(server.url) as source:
        lost = by_turns(hang_up, cluster_without_trouble(cluster))
        cluster.trouble[f'"{MEMORY}"'] = lost
        assert known(tick(source), MEMORY) > 0


def cluster_without_trouble(cluster):
    return Cluster(pods=cluster.pods, now=cluster.now)


def test_a_signal_that_is_rejected_alone_is_left_out_and_told(cluster, caplog):
    cluster.trouble['"node_disk_ratio"'] = rejected()
    with (
        misbehaving(cluster) as server,
        live(server.url) as source,
        caplog.at_level(logging.WARNING),
    ):
        tick(source)
        block = tick_later(cluster, source)
        told = source.tell(NOON)
    assert known(block, MEMORY) == 241
    assert "Left out: node_disk_ratio (Prometheus rejected a query with 422" in told
    assert caplog.text.count("signal=node_disk_ratio") == 1


def test_a_server_that_evaluates_nothing_is_refused(cluster):
    cluster.trouble["signal"] = rejected()
    with (
        misbehaving(cluster) as server,
        live(server.url) as source,
        pytest.raises(TelemetryRefused, match="many-to-many"),
    ):
        tick(source)


def test_too_many_samples_are_asked_for_in_halves(cluster):
    """Of the time, and where that is one sample, of the namespaces."""
    cluster.pods = [(f"ns-{number}", "web-0") for number in range(4)]
    answer = cluster_without_trouble(cluster)
    too_many = rejected("query processing would load too many samples into memory")

    def limited(handler):
        query = handler.asked.fields["query"]
        few = 'namespace="' in query or query.count("|") == 1
        (answer if few and "time" in handler.asked.fields else too_many)(handler)

    cluster.trouble[f'"{MEMORY}"'] = limited
    second = timedelta(seconds=1)
    with misbehaving(cluster) as server, live(server.url, interval=2 * second) as source:
        block = tick(source)
    assert len(block.pods) == 4
    assert np.isfinite(block.signal(MEMORY)[:, -13:]).all()


def test_one_namespace_with_too_many_samples_is_left_out(cluster):
    too_many = rejected("query processing would load too many samples into memory")
    cluster.trouble[f'"{MEMORY}"'] = too_many
    with misbehaving(cluster) as server, live(server.url) as source:
        tick(source)
        assert f"Left out: {MEMORY}" in source.tell(NOON)


def test_a_past_that_is_not_answered_is_asked_for_later(cluster):
    """The present is there all the same, and is told to be all there is."""
    answer = cluster_without_trouble(cluster)

    def forgetful(handler):
        first = float(handler.asked.fields.get("start", answer.now))
        (text("busy", status=503) if first < answer.now - 180.0 else answer)(handler)

    cluster.trouble["signal"] = forgetful
    with misbehaving(cluster) as server, live(server.url) as source:
        assert known(tick(source), MEMORY) == 13
        assert "57.0 minutes are still to be read" in source.tell(NOON)
        assert source.begins() == NOON
        answer.now = cluster.tick().timestamp()
        assert known(tick(source), MEMORY) == 14
        cluster.trouble.clear()
        assert known(filled(cluster, source), MEMORY) == 241
        assert "still to be read" not in source.tell(NOON)


def test_the_past_of_a_small_cluster_can_be_scanned_at_once(cluster):
    minute = timedelta(minutes=1)
    with misbehaving(cluster) as server, live(server.url, interval=minute) as source:
        watcher = FleetWatcher(source, model=ModelHolder(), clock=WallClock())
        watcher.tick()
        assert source.begins() is None
    assert watcher.latest is not None
    assert len(watcher.latest.scans) == 61
    assert not any(np.isnan(scan.probability).any() for scan in watcher.latest.scans)


def test_what_nobody_foresaw_is_not_swallowed_by_a_thread():
    def work(number: int) -> int:
        if number == 2:
            raise ZeroDivisionError
        return number

    with pytest.raises(ZeroDivisionError):
        list(in_threads(work, [1, 2, 3], at_once=2))


def test_a_slow_prometheus_ages_forecasts_and_is_caught_up_with(cluster):
    wall = WallClock()
    with (
        misbehaving(cluster) as server,
        live(server.url, timeout=1.0) as source,
    ):
        watcher = FleetWatcher(source, model=ModelHolder(), clock=wall)
        watcher.tick()
        assert watcher.status().state == "live"
        cluster.trouble["signal"] = nothing
        for _ in range(2):
            cluster.tick()
            wall.seconds += 20.0
            watcher.tick()
        status = watcher.status()
        assert status.state == "stale"
        assert "did not answer in time" in status.detail
        cluster.trouble.clear()
        for _ in range(10):
            cluster.tick()
            watcher.tick()
            if watcher.status().state == "live" and watcher.reason is None:
                break
        latest = watcher.latest
    assert latest is not None
    assert latest.present.at == cluster.now
    assert watcher.reason is None


def test_a_scan_ends_when_its_time_is_over(cluster):
    """Every query takes its time; together they would take all day."""
    elapsed = WallClock(0.0)
    answer = cluster_without_trouble(cluster)

    def slow(handler):
        elapsed.seconds += 12.0
        answer(handler)

    cluster.trouble["signal"] = slow
    with misbehaving(cluster) as server:
        connection = Connection(url=server.url)
        source = LiveSource(LivePlan(connection=connection), clock=WallClock(), elapsed=elapsed)
        source.open()
        block = tick(source)
        told = source.tell(NOON)
        source.close()
    assert known(block, MEMORY) == 13
    assert "is so slow that the time of the scan is over" in told
    assert elapsed.seconds < 100.0


def test_without_owners_every_pod_is_its_own_workload(cluster, caplog):
    answer = Cluster(pods=cluster.pods, now=cluster.now)

    def no_owners(handler):
        about_signals = "signal" in handler.asked.fields["query"]
        (answer if about_signals else text("busy", status=503))(handler)

    cluster.trouble["kube_pod_owner"] = no_owners
    with (
        misbehaving(cluster) as server,
        live(server.url) as source,
        caplog.at_level(logging.WARNING),
    ):
        assert tick(source).workloads == ("shop/cart-0", "shop/pay-0")
        answer.now = cluster.tick().timestamp()
        tick(source)
        assert caplog.text.count("owners are left out") == 1
        cluster.trouble.clear()
        assert tick_later(cluster, source).workloads == ("shop/cart", "shop/pay")


@pytest.mark.parametrize("off", [600.0, -600.0])
def test_a_clock_ten_minutes_off_costs_nothing_and_is_told(cluster, off):
    clock = WallClock(cluster.now + off)
    with misbehaving(cluster) as server:
        source = LiveSource(LivePlan(connection=Connection(url=server.url)), clock=clock)
        source.open()
        block = tick(source)
        told = source.tell(NOON)
        source.close()
    assert block.times[-1] == cluster.now
    assert np.isfinite(block.signal(MEMORY)[:, -1]).all()
    assert "600 s" in told


def test_nobody_is_muted_without_an_annotation(cluster):
    cluster.muted = cluster.pods
    with misbehaving(cluster) as server, live(server.url) as source:
        assert source.muted(source.now()) == frozenset()


def test_muted_pods_are_those_of_before_where_nobody_answers(cluster):
    cluster.muted = cluster.pods[:1]
    muted = {PodRef(*cluster.pods[0])}
    with (
        misbehaving(cluster) as server,
        live(server.url, mute_annotation="podforecast.io/mute") as source,
    ):
        assert source.muted(source.now()) == muted
        cluster.trouble["kube_pod_annotations"] = text("busy", status=503)
        assert source.muted(source.now()) == muted
        assert "muted could not be asked" in source.tell(NOON)
        cluster.trouble.clear()
        cluster.muted = ()
        assert source.muted(source.now()) == frozenset()
        query = server.asked[-1].fields["query"]
    assert 'annotation_podforecast_io_mute="true"' in query


def test_a_shard_that_does_not_exist_is_refused():
    with pytest.raises(ConfigurationError, match="5/4") as caught:
        LiveSource(LivePlan(connection=Connection(url="http://127.0.0.1:1"), shard="5/4"))
    assert "1/4" in caught.value.hint


def test_a_source_that_is_not_open_says_so():
    source = LiveSource(LivePlan(connection=Connection(url="http://127.0.0.1:1")))
    with pytest.raises(TelemetryUnavailable, match="not open"):
        source.now()


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(NOON, NOON - STEP, id="end before start"),
        pytest.param(NOON, NOON + timedelta(seconds=7), id="off the grid"),
    ],
)
def test_a_time_that_is_none_is_an_error_of_the_caller(cluster, start, end):
    with (
        misbehaving(cluster) as server,
        live(server.url) as source,
        pytest.raises(ValueError, match="expected an end"),
    ):
        source.read(SIGNALS_READ, start=start, end=end)


def test_the_time_before_the_hour_is_an_error_of_the_caller(cluster):
    with misbehaving(cluster) as server, live(server.url) as source:
        tick(source)
        with pytest.raises(ValueError, match="before the hour"):
            source.read(SIGNALS_READ, start=NOON - 3 * HISTORY, end=NOON - 2 * HISTORY)


def test_secrets_are_in_no_message_no_log_and_no_story(cluster, caplog):
    with misbehaving(cluster) as server, caplog.at_level(logging.DEBUG):
        url = server.url.replace("http://", f"http://reader:{SECRET}@")
        with live(url) as source:
            tick(source)
            told = f"{source.facts} {source.tell(NOON)}"
            cluster.trouble[""] = text("no", status=401)
            with pytest.raises(TelemetryRefused) as caught:
                source.now()
    assert "127.0.0.1" in told
    assert SECRET not in f"{told} {caught.value} {caught.value.hint} {caplog.text}"


def test_the_fake_has_what_coverage_counts():
    assert {"cpu_usage_ratio", MEMORY} <= STEADY.keys()

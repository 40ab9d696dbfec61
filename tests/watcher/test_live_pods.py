"""Which pods a live source sees: odd names, many at once, those of a shard."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import orjson
import pytest

from podforecast.domain.catalogue import feature_index
from podforecast.domain.pods import PodRef
from podforecast.errors import ConfigurationError
from podforecast.serving.fleet.rows import JSON, FleetRows
from podforecast.telemetry.prometheus.shards import Shard, in_groups
from podforecast.watcher.watcher import FleetWatcher
from tests.telemetry.misbehaving import misbehaving, text
from tests.watcher.live_server import NOON, Cluster, steady
from tests.watcher.made_up import ModelHolder
from tests.watcher.test_live_trouble import MEMORY, filled, live, tick, tick_later

ODD = (
    ("shop", "web.0"),
    ("shop", "x" * 253),
    ("tëam-😀", "pød"),
    ('say "hi"', "a\\b"),
    ("a.b|c", "new\nline"),
    ("shop", ""),
)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.mark.parametrize("shard", ["1/1", "1/2", "2/2"])
def test_odd_names_go_all_the_way(cluster, shard):
    cluster.pods = ODD
    with misbehaving(cluster) as server, live(server.url, shard=shard) as source:
        block = tick(source)
    part = Shard.read(shard)
    assert block.pods == tuple(sorted(PodRef(*pod) for pod in ODD if part.has(pod[0])))


def test_pods_come_and_go(cluster):
    with misbehaving(cluster) as server, live(server.url) as source:
        tick(source)
        cluster.pods = [("shop", "cart-0"), ("shop", "cart-1")]
        block = tick_later(cluster, source)
    present = np.isfinite(block.signal(MEMORY)[:, -1])
    assert [str(pod) for pod in block.pods] == ["shop/cart-0", "shop/pay-0", "shop/cart-1"]
    assert present.tolist() == [True, False, True]


def test_ten_thousand_new_pods_at_once_are_all_seen_in_one_scan(cluster):
    with misbehaving(cluster) as server, live(server.url) as source:
        tick(source)
        cluster.pods = [*cluster.pods, *(("batch", f"job-{n}") for n in range(10_000))]
        cluster.asked_of.clear()
        block = tick_later(cluster, source)
    assert len(block.pods) == 10_002
    assert np.isfinite(block.signal(MEMORY)[:, -1]).all()
    assert set(block.workloads) >= {"shop/cart", "batch/job"}
    assert len(cluster.asked_of) <= 12


def test_a_pod_seen_first_with_restarts_has_not_failed_just_now(cluster):
    def value(signal, pod, at):
        new = at - NOON.timestamp()
        if signal == "restarts":
            return 7.0 if pod[1] == "pay-0" else 0.0 if new < 15 else 1.0
        return steady(signal, pod, at)

    cluster.value = value
    cluster.pods = [("shop", "cart-0")]
    with misbehaving(cluster) as server, live(server.url) as source:
        tick(source)
        cluster.pods = [("shop", "cart-0"), ("shop", "pay-0")]
        tick_later(cluster, source)
        found = source.failures_until(source.now())
    assert [(str(failure.pod), failure.at) for failure in found] == [("shop/cart-0", cluster.now)]


def test_failures_after_the_moment_are_not_known_yet(cluster):
    cluster.value = lambda signal, pod, at: (
        float(at > NOON.timestamp() - 60) if signal == "restarts" else steady(signal, pod, at)
    )
    with misbehaving(cluster) as server, live(server.url) as source:
        now = filled_now(cluster, source)
        assert len(source.failures_until(now)) == len(cluster.pods)
        assert source.failures_until(NOON - timedelta(seconds=60)) == ()
        assert source.failures_until(NOON - timedelta(hours=3)) == ()


def filled_now(cluster, source):
    filled(cluster, source)
    return source.now()


# ------------------------------------------------------------------ young pods


def young(since: float):
    """Of cart-1 nothing is known before; its siblings are busy."""

    def value(signal, pod, at):
        if pod[1] == "cart-1":
            usage = {MEMORY: 0.6, "cpu_usage_ratio": 0.5}
            return usage.get(signal, steady(signal, pod, at)) if at >= since else None
        return steady(signal, pod, at)

    return value


def told_of(snapshot, rows):
    """Pods as the service answers them."""
    return orjson.loads(orjson.dumps(FleetRows(snapshot).described(rows), option=JSON))


def test_a_trend_bridges_scans_that_saw_no_pod(cluster):
    """A cluster that is empty at first, or was not scraped for a while."""
    cluster.value = young(cluster.now - 15.0 * 20)
    cluster.pods = [("shop", "cart-1")]
    trend = snapshot_of(cluster).trends()[0]
    assert np.isnan(trend[0])
    assert np.isfinite(trend[-1])


@pytest.mark.parametrize(
    ("samples", "scored"),
    [
        pytest.param(7, False, id="too little is known"),
        pytest.param(8, True, id="enough of the window"),
        pytest.param(20, True, id="no past of two minutes yet"),
    ],
)
def test_a_young_pod_is_scored_by_its_siblings(cluster, samples, scored):
    cluster.pods = [("shop", f"cart-{number}") for number in range(5)]
    cluster.value = young(cluster.now - 15.0 * (samples - 1))
    snapshot = snapshot_of(cluster)
    row = snapshot.present.index.row(PodRef("shop", "cart-1"))
    (told,) = told_of(snapshot, [row])
    assert (told["failure_probability"] is not None) == scored
    assert told["borrowed"] == scored
    assert told["state"] == ("stable" if scored else "insufficient_data")
    # Six robust deviations from its siblings: nobody else could say that this is much.
    assert snapshot.features[row, feature_index("prometheus_anomaly_score")] == 1.0


@pytest.mark.parametrize(
    ("pods", "samples"),
    [
        pytest.param(["cart-0", "cart-1"], 30, id="has a past"),
        pytest.param(["pay-0", "cart-1"], 10, id="has no siblings"),
    ],
)
def test_other_pods_borrow_nothing(cluster, pods, samples):
    cluster.pods = [("shop", name) for name in pods]
    cluster.value = young(cluster.now - 15.0 * (samples - 1))
    told = told_of(snapshot_of(cluster), [0, 1])
    assert [pod["borrowed"] for pod in told] == [False, False]


def snapshot_of(cluster):
    with misbehaving(cluster) as server, live(server.url) as source:
        watcher = FleetWatcher(source, model=ModelHolder())
        watcher.tick()
        assert watcher.latest is not None
        return watcher.latest


# ------------------------------------------------------------------ shards


def test_every_namespace_is_in_exactly_one_shard():
    names = [f"team-{number}" for number in range(1000)]
    for count in (1, 2, 4, 7):
        shards = [Shard(number, count) for number in range(1, count + 1)]
        sizes = [sum(shard.has(name) for name in names) for shard in shards]
        assert sum(sizes) == len(names)
        assert min(sizes) > 0.7 * len(names) / count


def test_a_shard_is_the_same_on_every_machine():
    """Two watchers that disagree would leave a namespace unwatched."""
    names = ("default", "kube-system", "shop", "tëam-😀")
    numbers = [next(n for n in range(1, 5) if Shard(n, 4).has(name)) for name in names]
    assert numbers == [3, 3, 3, 1]


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "1/4/2", "a/b", "-1/4"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ConfigurationError, match="no shard"):
        Shard.read(text)


def test_shards_together_see_every_pod_once_and_ask_for_no_other(cluster):
    cluster.pods = [(f"ns-{number}", "web-0") for number in range(12)]
    seen = []
    with misbehaving(cluster) as server:
        for shard in ("1/3", "2/3", "3/3"):
            with live(server.url, shard=shard) as source:
                pods = tick(source).pods
                seen += pods
                assert f"(shard {shard})" in source.tell(NOON)
    assert sorted(seen) == sorted(PodRef(*pod) for pod in cluster.pods)
    assert all("namespace=" in asked["query"] for asked in cluster.asked_of)


def test_a_new_namespace_of_the_shard_is_found(cluster):
    part = Shard(1, 2)
    mine = [name for name in (f"ns-{number}" for number in range(20)) if part.has(name)]
    cluster.pods = [(mine[0], "web-0")]
    with misbehaving(cluster) as server, live(server.url, shard="1/2") as source:
        tick(source)
        cluster.pods = [(mine[0], "web-0"), (mine[1], "web-0")]
        assert len(tick_later(cluster, source).pods) == 2


def test_namespaces_are_those_of_before_where_nobody_lists_them(cluster):
    with misbehaving(cluster) as server, live(server.url, shard="1/1") as source:
        tick(source)
    part = next(s for s in ("1/2", "2/2") if Shard.read(s).has("shop"))
    with misbehaving(cluster) as server, live(server.url, shard=part) as source:
        tick(source)

        def without_labels(handler):
            is_list = handler.asked.path.endswith("/values")
            (text("busy", status=503) if is_list else cluster)(handler)

        server.answer = without_labels
        block = tick_later(cluster, source)
    assert np.isfinite(block.signal(MEMORY)[:, -1]).all()


def test_a_shard_without_namespaces_has_no_pods(cluster):
    part = next(s for s in ("1/2", "2/2") if not Shard.read(s).has("shop"))
    with misbehaving(cluster) as server, live(server.url, shard=part) as source:
        assert tick(source).pods == ()
        assert "0 pods" in source.tell(NOON)


def test_many_namespaces_are_asked_for_in_groups():
    names = [f"namespace-{number:04}" for number in range(1000)]
    groups = list(in_groups(names))
    assert [name for group in groups for name in group] == names
    assert max(len("|".join(group)) for group in groups) <= 4000

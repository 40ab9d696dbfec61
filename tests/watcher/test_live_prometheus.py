"""The live source on a real Prometheus: what the ring holds is what one fresh read would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import HISTORY, STEP, TelemetryBlock, aligned
from podforecast.errors import TelemetryUnavailable
from podforecast.explain.addresses import PodAddress
from podforecast.explain.promql import promql
from podforecast.features.build import SIGNALS_READ, build
from podforecast.telemetry.failures import failures_of
from podforecast.telemetry.pod_table import PodTable
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.filling import packs_of
from podforecast.telemetry.prometheus.pod_labels import PodLabels
from podforecast.telemetry.prometheus.queries import Scope
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.telemetry.prometheus.vectors import read_in_place
from podforecast.telemetry.raw_series import read_series
from podforecast.telemetry.recording import Recording
from podforecast.watcher.live import LivePlan, LiveSource
from podforecast.watcher.memory_sizes import LIMIT, USED, sizes_of
from tests.telemetry.prometheus_server import free_port, running
from tests.telemetry.remote_write import labelled, moved, write
from tests.telemetry.stories import told

pytestmark = pytest.mark.prometheus

TRIAL = Path(__file__).parents[1] / "telemetry" / "trial"
SELECTOR = 'case="trial"'


@dataclass(frozen=True)
class Served:
    """Twelve minutes of the lab in a real Prometheus, moved to the hour before now."""

    url: str
    client: httpx.Client
    start: datetime
    end: datetime


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    trial = Recording.open(TRIAL)
    recent = aligned(datetime.now(UTC) - timedelta(minutes=10))
    seconds = (recent - aligned(trial.end)).total_seconds()
    series = list(moved(read_series(TRIAL / "series.parquet"), seconds))
    with (
        running(tmp_path_factory.mktemp("prometheus")) as url,
        connect(Connection(url=url)) as client,
    ):
        write(client, labelled(series, case="trial"))
        for replica in ("a", "b"):
            write(client, labelled(series, case="twice", prometheus_replica=replica))
        yield Served(url, client, recent - (trial.end - trial.start), recent)


@pytest.fixture
def live(served):
    """Make a live source; all that were made are closed."""
    made: list[LiveSource] = []

    def make(**plan) -> LiveSource:
        # With a longer interval a scan may take longer, on a machine that is busy with other tests.
        usual = {"selector": SELECTOR, "interval": timedelta(minutes=1)}
        source = LiveSource(LivePlan(connection=Connection(url=served.url), **usual | plan))
        source.open()
        made.append(source)
        return source

    yield make
    for source in made:
        source.close()


def read(source, end: datetime):
    return source.read(SIGNALS_READ, start=end - HISTORY, end=end)


def fresh(served, end: datetime):
    return read(PrometheusSource(served.client, extra_selector=SELECTOR, paced=True), end)


@pytest.fixture(scope="module")
def expected(served):
    """What one read gives; it takes as long as all the rest."""
    return fresh(served, served.end)


def in_order(block):
    """The same with its pods sorted: a live source has them as they came."""
    order = sorted(range(len(block.pods)), key=block.pods.__getitem__)
    return TelemetryBlock(
        pods=tuple(block.pods[row] for row in order),
        workloads=tuple(block.workloads[row] for row in order),
        times=block.times,
        signals={name: values[order] for name, values in block.signals.items()},
    )


def assert_same_table(block, expected):
    """Byte for byte, pod by pod."""
    block = in_order(block)
    assert block.pods == expected.pods
    assert block.workloads == expected.workloads
    np.testing.assert_array_equal(block.times, expected.times)
    found, wanted = build(block), build(expected)
    np.testing.assert_array_equal(found.values, wanted.values)
    np.testing.assert_array_equal(found.coverage, wanted.coverage)
    np.testing.assert_array_equal(found.failing, wanted.failing)


def test_answers_are_read_where_they_stand(served):
    scope, api = Scope(extra_selector=SELECTOR), QueryApi(served.client)
    read = 0
    for pack in packs_of(SIGNALS_READ):
        body = api.body_at(scope.pack(pack), served.end.timestamp())
        vector = read_in_place(body, pack, PodLabels(PodTable()))
        assert (vector is None) == (b'"result":[]' in body)
        read += 0 if vector is None else len(vector.pod)
    assert read > 100


def test_the_hour_at_the_start_is_what_one_read_gives(served, live, expected):
    assert_same_table(read(live(), served.end), expected)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([1] * 12, id="every sample"),
        pytest.param([4] * 3, id="a minute between scans"),
        pytest.param([1, 1, 7, 1, 2], id="scans were missed"),
    ],
)
def test_scans_in_a_row_are_what_one_read_gives(served, live, expected, steps):
    source, end = live(), served.end - sum(steps) * STEP
    read(source, end)
    for step in steps:
        end += step * STEP
        block = read(source, end)
    assert_same_table(block, expected)
    assert source.failures_until(end) == failures_of(expected)


def test_a_pair_of_servers_that_delivers_everything_twice_counts_once(served, live, expected):
    assert_same_table(read(live(selector='case="twice"'), served.end), expected)


def test_only_what_the_selector_lets_through_is_seen(served, live):
    assert read(live(selector='case="nobody"'), served.end).pods == ()


def test_shards_together_are_the_whole(served, live, expected):
    blocks = [read(live(shard=shard), served.end) for shard in ("1/2", "2/2")]
    assert sorted(pod for block in blocks for pod in block.pods) == list(expected.pods)
    whole = build(expected).values
    for block in blocks:
        rows = [expected.pods.index(pod) for pod in block.pods]
        np.testing.assert_array_equal(build(block).values, whole[rows])


def test_a_name_that_is_used_again_is_one_pod_without_a_failure(served, live):
    """A StatefulSet gives a new pod the name of the old one; its counters begin anew."""
    story = [
        *life("old", 3.0, since=8.0, until=4.0, stale=True),
        *life("new", 0.0, since=3.5, until=0.0),
    ]
    tell(served, story, case="reused")
    source, end = live(selector='case="reused"'), served.end
    for minutes in (6, 4, 2, 0):
        block = read(source, end - timedelta(minutes=minutes))
    assert block.pods == (PodRef("shop", "db-0"),)
    known = block.signal("restarts")[0]
    assert sorted(set(known[np.isfinite(known)])) == [0.0, 3.0]
    assert source.failures_until(end) == ()


def test_muted_pods_are_those_with_the_annotation(served, live):
    mute = "annotation_podforecast_io_mute"
    story = [
        told(f'kube_pod_annotations{{namespace="shop",pod="{pod}",{mute}="{value}"}}', 1.0)
        for pod, value in (("quiet", "true"), ("loud", "no"))
    ]
    tell(served, story, case="muted")
    source = live(selector='case="muted"', mute_annotation="podforecast.io/mute")
    assert source.muted(served.end) == {PodRef("shop", "quiet")}


def test_a_prometheus_that_is_started_again_is_caught_up_with(tmp_path):
    """It is gone in the middle of a watch, and comes back with what it had stored."""
    recent, port = aligned(datetime.now(UTC) - timedelta(minutes=2)), free_port()
    with running(tmp_path, port=port) as url, connect(Connection(url=url)) as client:
        tell(Served(url, client, recent, recent), life("a", 0.0))
        source = LiveSource(LivePlan(connection=Connection(url=url)))
        source.open()
        read(source, recent - 4 * STEP)
    with pytest.raises(TelemetryUnavailable):
        source.now()
    with pytest.raises(TelemetryUnavailable):
        read(source, recent - 3 * STEP)
    with running(tmp_path, port=port) as url, connect(Connection(url=url)) as client:
        assert abs((source.now() - datetime.now(UTC)).total_seconds()) < 60
        block, expected = read(source, recent), read(PrometheusSource(client, paced=True), recent)
    source.close()
    assert np.isfinite(block.signal("restarts")[0, -5:]).all()
    assert_same_table(block, expected)


def life(uid: str, restarts: float, **when):
    """What is known of one life of a pod."""
    inside = f'namespace="shop",pod="db-0",uid="{uid}"'
    restarted = f'kube_pod_container_status_restarts_total{{{inside},container="app"}}'
    yield told(f'kube_pod_info{{{inside},node="n1"}}', 1.0, **when)
    yield told(f'kube_pod_status_phase{{{inside},phase="Running"}}', 1.0, **when)
    yield told(restarted, restarts, **when)


def tell(served, story, **labels: str):
    raw = (each.raw(served.end.timestamp()) for each in story)
    write(served.client, labelled(raw, **labels))


class TestSizes:
    """Memory in bytes, asked for only of pods that somebody is advised about."""

    def test_they_are_those_of_the_pods_that_were_asked_for(self, served, live, expected):
        now, pods = served.end, expected.pods[:3]
        source = PrometheusSource(served.client, extra_selector=SELECTOR)
        block = source.read((USED, LIMIT), start=now, end=now)
        found = live().sizes(pods, now)
        assert found == sizes_of(block, pods)
        assert found.keys() == set(pods)

    def test_nobody_is_asked_about_nobody(self):
        assert (
            LiveSource(LivePlan(connection=Connection(url="http://x"))).sizes([], datetime.now(UTC))
            == {}
        )

    def test_a_pod_that_is_not_there_is_left_out(self, served, live):
        strange = PodRef("shop", 'no"such{pod}\\')
        assert live().sizes([strange], served.end) == {}

    def test_without_an_answer_none_is_known(self, expected):
        nowhere = f"http://127.0.0.1:{free_port()}"
        source = LiveSource(LivePlan(connection=Connection(url=nowhere)))
        source.open()
        assert source.sizes(expected.pods[:1], datetime.now(UTC)) == {}
        source.close()


def test_the_query_of_a_reason_gives_the_value_that_the_reason_has(served):
    # The query asks for now, a scan that has slow signals from 45 s ago tells what was then.
    source = PrometheusSource(served.client, extra_selector=SELECTOR)
    table = build(read(source, served.end))
    # One whose containers ran all the time: queries look back beyond the start of a container.
    calm = table.values[:, feature_index("restarts_1h")] == 0.0
    known = np.isfinite(table.values).sum(axis=1)
    row = int(np.where(calm, known, -1).argmax())
    pod = PodAddress(namespace=table.pods[row].namespace, name=table.pods[row].name)
    api, wrong, asked = QueryApi(served.client), {}, 0
    for column, feature in enumerate(CATALOGUE):
        query, value = (
            promql(feature.name, pod, scope=Scope(extra_selector=SELECTOR)),
            float(table.values[row, column]),
        )
        if query is None or np.isnan(value):
            continue
        asked += 1
        found = [float(series.values[-1]) for series in api.at(query, served.end.timestamp())]
        if found != [pytest.approx(value, rel=0.02, abs=0.02)]:
            wrong[feature.name] = (value, found)
    assert wrong == {}
    assert asked > 30

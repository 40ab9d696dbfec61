"""What the doctor learns from a real Prometheus, and from one that says little."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from podforecast.diagnosis.asking import Interview, ask
from podforecast.diagnosis.doctor import examine
from podforecast.diagnosis.facts import Asked, Fleet
from podforecast.diagnosis.quick import quick_look
from podforecast.errors import TelemetryRefused, TelemetryUnavailable
from podforecast.telemetry.prometheus.answers import QueryTooLarge
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.source import PrometheusSource
from tests.telemetry.misbehaving import failure, misbehaving, text
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import labelled, moved, write
from tests.telemetry.stories import NOW, growing, listed, told, twice

pytestmark = pytest.mark.prometheus

ASKED = Asked(selector="", delay=timedelta(0), mute_annotation="podforecast.io/mute")


EMPTY = {"resultType": "vector", "result": []}


def interview(client, url, selector=""):
    source = PrometheusSource(client, extra_selector=selector)
    return Interview(api=QueryApi(client), source=source, address=url, tenant=False)


def pods_of(*names, every=15.0):
    """Pods with CPU, memory and their limits: enough to be forecast."""
    for name in names:
        inside = f'namespace="shop",pod="{name}",container="app"'
        yield from listed(name, since=12)
        yield told(
            f"container_cpu_usage_seconds_total{{{inside}}}", growing(0.1), since=12, every=every
        )
        yield told(f"container_memory_working_set_bytes{{{inside}}}", 5e7, since=12, every=every)
        for resource, limit in (("cpu", 1.0), ("memory", 1e8)):
            yield told(f'kube_pod_container_resource_limits{{{inside},resource="{resource}"}}',
                       limit, since=12)  # fmt: skip
        yield told(f'kube_pod_status_phase{{namespace="shop",pod="{name}",uid="u-{name}",'
                   'phase="Running"}', 1.0, since=12)  # fmt: skip


STORIES = {
    "plain": (*pods_of("cart-0", "cart-1"),
              told('kube_pod_annotations{namespace="shop",pod="cart-0",'
                   'annotation_podforecast_io_mute="true"}', 1.0),
              told('kube_pod_annotations{namespace="shop",pod="cart-1"}', 1.0),
              told('up{job="app",namespace="shop",pod="cart-0"}', 1.0, since=12),
              told('up{job="app",namespace="shop",pod="cart-1"}', 0.0, since=12),
              told('up{job="kube-state-metrics"}', 1.0, since=12)),
    "replicas": tuple(twice(pods_of("cart-0"), "prometheus_replica")),
    "clusters": tuple(twice(pods_of("cart-0"), "cluster")),
    "seldom": tuple(pods_of("cart-0", every=60.0)),
    "renamed": (told('kube_pod_info{namespace="monitoring",exported_namespace="shop",'
                     'exported_pod="cart-0"}', 1.0),),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A Prometheus that knows each story under a label of its own, up to now."""
    with (
        running(tmp_path_factory.mktemp("prometheus")) as url,
        connect(Connection(url=url)) as client,
    ):
        later = time.time() - 1.0 - NOW.timestamp()
        for name, story in STORIES.items():
            raw = (each.raw(NOW.timestamp()) for each in story)
            write(client, labelled(moved(raw, later), case=name))
        yield client, url


@pytest.fixture
def ask_about(server):
    client, url = server

    def about(name):
        selector = f'case="{name}"'
        asked = Asked(selector=selector, delay=timedelta(0), mute_annotation="podforecast.io/mute")
        return ask(interview(client, url, selector), asked)

    return about


def test_a_server_that_refuses_the_first_question_is_asked_no_more():
    with (
        misbehaving(failure(401, "no org id")) as server,
        connect(Connection(url=server.url)) as client,
        pytest.raises(TelemetryRefused, match="no org id"),
    ):
        ask(interview(client, server.url), ASKED)
    assert len(server.asked) == 1


def test_a_server_that_says_nothing_of_itself_is_asked_all_the_same():
    """Mimir has no flags page, a gateway may have neither page."""

    def answer(handler):
        if "status" in handler.path:
            return text("not found", status=404)(handler)
        is_time = handler.server.story.asked[-1].fields.get("query") == "time()"
        data = {"resultType": "scalar", "result": [0, str(time.time())]} if is_time else EMPTY
        return text(json.dumps({"status": "success", "data": data}))(handler)

    with misbehaving(answer) as server, connect(Connection(url=server.url)) as client:
        facts = ask(interview(client, server.url), ASKED)
    assert (facts.server.version, facts.server.most_samples) == ("", None)
    assert facts.fleet.pods == 0


def test_queries_that_are_too_large_leave_names_alone(server):
    client, url = server
    asked = Asked(selector='case="plain"', delay=timedelta(0), mute_annotation="x")

    class Strict(QueryApi):
        """Refuses what loads samples, as a tenant's limit would."""

        def at(self, query, time):
            raise QueryTooLarge("too many samples")

    strict = replace(interview(client, url, asked.selector), api=Strict(client))
    facts = ask(strict, asked)
    assert facts.metrics["container_memory_working_set_bytes"].series == 1
    assert facts.metrics["process_open_fds"].series == 0
    assert (facts.copies, facts.clusters) == ({}, {})
    assert facts.paces["cAdvisor"].interval_seconds is None
    assert facts.fleet.scored == 2


def test_a_plain_cluster(ask_about):
    facts = ask_about("plain")
    assert isinstance(facts.fleet, Fleet)
    assert (facts.fleet.pods, facts.fleet.scored, facts.fleet.failing) == (2, 2, 0)
    assert facts.fleet.pods_with["cpu_usage_ratio"] == 2
    assert facts.server.product == "Prometheus"
    assert abs(facts.server.skew_seconds) < 1.0
    assert facts.server.most_samples == 50_000_000
    assert facts.metrics["container_memory_working_set_bytes"].labelled == 2
    assert facts.metrics["up"].series == 3
    assert facts.metrics["up"].labelled == 2
    assert facts.metrics["process_open_fds"].series == 0
    assert facts.paces["cAdvisor"].interval_seconds == 15.0
    assert facts.paces["cAdvisor"].newest_age_seconds < 60
    assert facts.muting == 1
    assert facts.clusters == {}
    assert facts.copies["cAdvisor"].most == 1


def test_replicas_are_found_by_the_label_they_differ_in(ask_about):
    facts = ask_about("replicas")
    for exporter in ("cAdvisor", "kube-state-metrics"):
        assert facts.copies[exporter].most == 2
        assert facts.copies[exporter].labels == {"prometheus_replica": ("a", "b")}
    assert facts.muting is None


def test_clusters_are_found_by_their_label(ask_about):
    facts = ask_about("clusters")
    assert facts.clusters == {"cluster": ("a", "b")}
    wrong = [one for one in examine(facts) if one.check == "clusters"]
    assert "PODFORECAST_PROMETHEUS__SELECTOR" in wrong[0].fix


def test_a_minute_between_scrapes_leaves_nothing_to_forecast(ask_about):
    facts = ask_about("seldom")
    assert facts.paces["cAdvisor"].interval_seconds == 60.0
    assert (facts.fleet.scored, facts.fleet.insufficient) == (0, 1)


def test_labels_that_were_renamed_are_recognised(ask_about):
    facts = ask_about("renamed")
    assert facts.renamed_series == 1
    assert facts.metrics["kube_pod_info"].labelled == 0
    lines = {one.check: one for one in examine(facts)}
    assert "honor_labels: true" in lines["kube-state-metrics"].fix
    assert lines["pods"].fatal


def test_a_quick_look_counts_targets_and_names_what_is_missing(server):
    client, url = server
    found = quick_look(QueryApi(client), address=url, selector='case="plain"')
    assert (found.up, found.down) == (2, 1)
    assert [job.job for job in found.jobs] == ["app", "kube-state-metrics"]
    assert "container_memory_working_set_bytes" in found.metrics
    missing = {metric.name: metric for metric in found.missing}
    assert missing["process_open_fds"].signals == ("open_fds_ratio",)
    assert {"open_fds_ratio", "request_rate", "node_disk_ratio"} <= set(found.signals_unknown)
    assert not {"memory_usage_ratio", "replicas_desired"} & set(found.signals_unknown)


def test_a_quick_look_sees_that_cadvisor_is_missing(server):
    client, url = server
    found = quick_look(QueryApi(client), address=url, selector='case="renamed"')
    assert {"cpu_usage_ratio", "memory_usage_ratio"} <= set(found.signals_unknown)


def test_a_quick_look_ends_when_its_time_is_over(server):
    client, url = server
    seconds = iter([0.0, *[6.0] * 100])
    with pytest.raises(TelemetryUnavailable, match="time"):
        quick_look(QueryApi(client), address=url, clock=lambda: next(seconds))

"""Answers, credentials, clocks, limits, clusters and copies: from facts to findings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from podforecast.diagnosis import server_checks
from podforecast.diagnosis.facts import Copies, Metric
from podforecast.diagnosis.finding import usable
from podforecast.errors import TelemetryMalformed, TelemetryRefused, TelemetryUnavailable
from podforecast.settings import read_settings
from tests.diagnosis.made_up import facts, server


@pytest.mark.parametrize(
    ("error", "check", "fix"),
    [
        pytest.param(TelemetryUnavailable("no answer", hint="Check the address."),
                     "reachable", "Check the address.", id="down"),
        pytest.param(TelemetryMalformed("HTML", hint="Check the path prefix."),
                     "reachable", "Check the path prefix.", id="not a Prometheus"),
        pytest.param(TelemetryRefused("Prometheus answered 404: not found", hint="Prefix."),
                     "reachable", "Prefix.", id="wrong prefix"),
        pytest.param(TelemetryRefused("Prometheus answered 401: who are you"),
                     "credentials", "__TOKEN_FILE", id="unknown"),
        pytest.param(TelemetryRefused("Prometheus answered 403: no"),
                     "credentials", "read access to the query", id="forbidden"),
        pytest.param(TelemetryRefused("Prometheus answered 401: no org id"),
                     "credentials", "X-Scope-OrgID", id="no tenant"),
    ],
)  # fmt: skip
def test_a_server_that_answers_nothing_is_not_usable(error, check, fix):
    found = server_checks.refused(error, address="http://p:9090/", shown="without credentials")
    assert not usable(found)
    assert (found[-1].check, found[-1].state) == (check, "wrong")
    assert fix in found[-1].fix


def test_as_whom_it_asked_is_said_where_that_was_refused():
    error = TelemetryRefused("Prometheus answered 401: who are you")
    found = server_checks.refused(error, address="http://p:9090/", shown="as user reader")
    assert "as user reader" in found[-1].found
    assert found[0].state == "ok"


@pytest.mark.parametrize(
    ("skew", "state", "fix"),
    [
        pytest.param(0.4, "ok", "", id="together"),
        pytest.param(-4.9, "ok", "", id="a little behind"),
        pytest.param(-50.0, "wrong", "PODFORECAST_WATCH__DELAY=0:01:00", id="server is behind"),
        pytest.param(-600.0, "wrong", "chrony", id="server is ten minutes behind"),
        pytest.param(600.0, "wrong", "Synchronise", id="server is ahead"),
    ],
)
def test_clocks_are_compared(skew, state, fix):
    [found] = server_checks.clock(facts(server=server(skew_seconds=skew)))
    assert found.state == state
    assert fix in found.fix
    assert "DELAY=0:10" not in found.fix
    assert ("ahead of" if skew > 0 else "behind") in found.found


@pytest.mark.parametrize(
    ("seconds", "state"), [pytest.param(0.1, "ok", id="quick"), pytest.param(4, "wrong", id="slow")]
)
def test_a_slow_server_is_said_to_be_slow(seconds, state):
    [found] = server_checks.reachable(facts(server=server(answered_seconds=seconds)))
    assert found.state == state


@pytest.mark.parametrize(
    ("most", "state"),
    [
        pytest.param(50_000_000, "ok", id="usual"),
        pytest.param(1000, "wrong", id="too few"),
        pytest.param(None, "unknown", id="does not say"),
    ],
)
def test_the_sample_limit_is_held_against_the_number_of_containers(most, state):
    [found] = server_checks.limits(facts(server=server(most_samples=most)))
    assert found.state == state
    assert not found.fatal


def test_more_containers_need_more_samples():
    metrics = {"kube_pod_container_info": Metric(series=100_000, labelled=100_000)}
    known = facts()
    [found] = server_checks.limits(facts(metrics={**known.metrics, **metrics}))
    assert "--query.max-samples=" in found.fix


def test_settings_that_are_recommended_are_understood(monkeypatch):
    name, _, value = server_checks.delayed(50.0).partition("=")
    monkeypatch.setenv(name, value)
    assert read_settings().watch.delay == timedelta(minutes=1)


def test_several_clusters_are_named_with_the_selector_to_set():
    [found] = server_checks.clusters(facts(clusters={"cluster": ("east", "west")}))
    assert found.state == "wrong"
    assert "east, west" in found.found
    assert """PODFORECAST_PROMETHEUS__SELECTOR='cluster="east"'""" in found.fix


@pytest.mark.parametrize("clusters", [{}, {"cluster": ("east",)}], ids=["no label", "one"])
def test_one_cluster_needs_no_selector(clusters):
    [found] = server_checks.clusters(facts(clusters=clusters))
    assert found.state == "ok"


def test_copies_cost_nothing_and_are_told_apart():
    copies = {"cAdvisor": Copies(most=2, labels={"prometheus_replica": ("a", "b")})}
    [found] = server_checks.copies(facts(copies=copies))
    assert (found.state, found.cost) == ("ok", "")
    assert "prometheus_replica (a, b)" in found.found


def test_pods_of_two_clusters_are_not_called_copies():
    clusters = {"cluster": ("east", "west")}
    copies = {"cAdvisor": Copies(most=2, labels=clusters)}
    assert list(server_checks.copies(facts(copies=copies, clusters=clusters))) == []


def test_a_tenant_that_was_accepted_is_mentioned():
    checks = [found.check for found in server_checks.version(facts(server=server(tenant=True)))]
    assert checks == ["version", "tenant header"]


def test_a_server_may_not_say_what_it_is():
    [found] = server_checks.version(facts(server=server(product="", version="")))
    assert found.state == "unknown"

"""Every address in the settings can be reached, and nothing else can."""

from __future__ import annotations

import itertools
import json
from urllib.parse import urlsplit

import pytest

from tests.deploy.kustomize import (
    OVERLAYS,
    WORKLOADS,
    containers,
    environment,
    everything,
    namespace,
    of_kind,
    pod,
    pod_labels,
    rendered,
)
from tests.deploy.network_rules import End, allowed

pytestmark = pytest.mark.kubernetes

DNS = End("kube-system", {"k8s-app": "kube-dns"})
STRANGER = End("shop", {"app.kubernetes.io/name": "podforecast-dashboard"})
"""Has the labels of one of ours, in a namespace of its own."""
INGRESS = End("ingress-nginx", {"app.kubernetes.io/name": "ingress-nginx"})
INTERNET = End(address="203.0.113.7")
CLOUD_METADATA = End(address="169.254.169.254")
DATABASE = End(address="10.1.2.3")
OURS = ("podforecast-api", "podforecast-watcher", "podforecast-dashboard")


def end_of(workload):
    ports = {port["name"]: port["containerPort"]
             for each in containers(pod(workload)) for port in each.get("ports", ())}  # fmt: skip
    return End(namespace(workload), pod_labels(workload), ports)


def ends(overlay):
    return {
        each["metadata"]["name"]: end_of(each) for each in of_kind(everything(overlay), *WORKLOADS)
    }


def may_talk(overlay, source, target, port, protocol="TCP"):
    known = ends(overlay)
    there = [known[end] if isinstance(end, str) else end for end in (source, target)]
    return allowed(everything(overlay), *there, port, protocol)


def addresses(overlay):
    """Yield every workload with each web address in its settings."""
    for workload in of_kind(rendered(overlay), *WORKLOADS):
        for _, value in environment(workload, rendered(overlay)):
            listed = json.loads(value) if value.startswith("[") else [value]
            yield from ((workload, urlsplit(url)) for url in listed if url.startswith("http://"))


def service_behind(overlay, workload, host):
    service, _, space = host.partition(".")
    (found,) = [each for each in of_kind(everything(overlay), "Service")
                if each["metadata"]["name"] == service
                and namespace(each) == (space or namespace(workload))]  # fmt: skip
    return found


def workload_behind(overlay, service):
    wanted = service["spec"]["selector"].items()
    there = [each for each in of_kind(everything(overlay), *WORKLOADS)
             if namespace(each) == namespace(service)]  # fmt: skip
    (found,) = [each for each in there if wanted <= pod_labels(each).items()]
    return found


def annotations(workload):
    return workload["spec"]["template"]["metadata"].get("annotations", {})


REFUSED = [
    pytest.param(STRANGER, "podforecast-api", 8000, id="a pod of another namespace, the API"),
    pytest.param(
        STRANGER, "podforecast-watcher", 8080, id="a pod of another namespace, the watcher"
    ),
    pytest.param(STRANGER, "prometheus", 9090, id="a pod of another namespace, Prometheus"),
    pytest.param("demo", "podforecast-api", 8000, id="the demo app, the API"),
    pytest.param("podforecast-dashboard", "podforecast-watcher", 8080, id="dashboard, watcher"),
    pytest.param("podforecast-dashboard", "prometheus", 9090, id="dashboard, Prometheus"),
    pytest.param("podforecast-watcher", "podforecast-api", 8000, id="watcher, API"),
    pytest.param("podforecast-watcher", "prometheus", 22, id="watcher, another port"),
    pytest.param("podforecast-watcher", INTERNET, 443, id="watcher, the internet"),
    pytest.param("podforecast-watcher", INTERNET, 53, id="watcher, a name server outside"),
    pytest.param("podforecast-watcher", INTERNET, 5432, id="watcher, a database outside"),
    pytest.param("podforecast-api", DATABASE, 5432, id="API, the database"),
    pytest.param("podforecast-api", CLOUD_METADATA, 80, id="API, the cloud's keys"),
    pytest.param("visitors", "podforecast-dashboard", 8501, id="visitors, the dashboard"),
    pytest.param(STRANGER, "demo", 8080, id="a pod of another namespace, the demo's switches"),
]


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize(("source", "target", "port"), REFUSED)
def test_nobody_reaches_what_is_not_theirs(overlay, source, target, port):
    assert not may_talk(overlay, source, target, port)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_policy_that_is_taken_away_is_missed(overlay):
    known = ends(overlay)
    rest = [each for each in everything(overlay) if each["metadata"]["name"] != "dns"]
    assert may_talk(overlay, "podforecast-watcher", DNS, 53, "UDP")
    assert not allowed(rest, known["podforecast-watcher"], DNS, 53, "UDP")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_address_in_the_settings_can_be_reached(overlay):
    seen = set()
    for workload, url in addresses(overlay):
        service = service_behind(overlay, workload, url.hostname)
        assert url.port in {port["port"] for port in service["spec"]["ports"]}
        target = workload_behind(overlay, service)
        assert allowed(everything(overlay), end_of(workload), end_of(target), url.port), url
        seen.add((workload["metadata"]["name"], target["metadata"]["name"]))
    assert seen == {
        ("podforecast-api", "prometheus"),
        ("podforecast-watcher", "prometheus"),
        ("podforecast-watcher", "alertmanager"),
        ("podforecast-dashboard", "podforecast-api"),
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize(("ours", "protocol"), list(itertools.product(OURS, ("UDP", "TCP"))))
def test_names_are_looked_up(overlay, ours, protocol):
    assert may_talk(overlay, ours, DNS, 53, protocol)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_prometheus_reaches_every_pod_that_asks_to_be_scraped(overlay):
    scraped = [each for each in of_kind(everything(overlay), *WORKLOADS)
               if annotations(each).get("prometheus.io/scrape") == "true"]  # fmt: skip
    assert {each["metadata"]["name"] for each in scraped} == {
        "podforecast-api", "podforecast-watcher", "demo"}  # fmt: skip
    for each in scraped:
        port = int(annotations(each)["prometheus.io/port"])
        assert port in end_of(each).ports.values()
        assert may_talk(overlay, "prometheus", each["metadata"]["name"], port)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_visitors_reach_the_demo_app(overlay):
    assert may_talk(overlay, "visitors", "demo", 8080)


def test_in_production_the_watcher_reaches_the_database():
    assert may_talk("overlays/production", "podforecast-watcher", DATABASE, 5432)
    assert not may_talk("overlays/local", "podforecast-watcher", DATABASE, 5432)


@pytest.mark.parametrize(("target", "port"), [
    pytest.param("podforecast-api", 8000, id="api"),
    pytest.param("podforecast-dashboard", 8501, id="dashboard"),
])  # fmt: skip
def test_in_production_people_come_in_through_the_ingress(target, port):
    assert may_talk("overlays/production", INGRESS, target, port)
    assert not may_talk("overlays/local", INGRESS, target, port)
    assert not may_talk("overlays/production", INGRESS, "podforecast-watcher", 8080)

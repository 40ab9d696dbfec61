"""One build and one run of the compose file for all tests here."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.containers.cluster import Cluster, Witness, cluster, leaking
from tests.containers.engine import (
    API,
    BUILD_SECONDS,
    DASHBOARD,
    IMAGES,
    Stack,
    docker,
    free_port,
    wait_until,
)
from tests.containers.kube import pods
from tests.deploy.kustomize import rendered

SERVICES = ("api", "dashboard", "demo", "load", "prometheus")
PUBLISHED = ("api", "dashboard", "demo", "prometheus")
HEALTHY_SECONDS = 120


@dataclass(frozen=True)
class Story:
    """A leak in a pod, and who looks on."""

    cluster: Cluster
    watcher: str
    witness: Witness


@pytest.fixture(scope="session")
def demo_cluster(request, tmp_path_factory):
    """The demo app in pods under a real Prometheus, early: it has a past when the watcher comes."""
    if not any(item.get_closest_marker("podman") for item in request.session.items):
        yield None
        return
    _stack().compose("build", "demo", seconds=BUILD_SECONDS)
    with cluster(tmp_path_factory.mktemp("podman")) as up:
        yield up


@pytest.fixture(scope="session", autouse=True)
def beginning(images, demo_cluster):
    """Our pods beside the demo app, one of which leaks: begun while other tests run."""
    if demo_cluster is None:
        yield None
        return
    with ExitStack() as stack, ThreadPoolExecutor(1) as background:
        yield background.submit(_begin, demo_cluster, stack)


def _begin(demo_cluster: Cluster, stack: ExitStack) -> Story:
    ours = pods(rendered("overlays/local"))
    demo_cluster.take_over(API)
    demo_cluster.play([pod for pod in ours if pod.workload != "podforecast-dashboard"])
    demo_cluster.wait_for("podforecast-watcher-1", 8080, "/readyz")
    watcher = demo_cluster.url("podforecast-watcher-1", 8080)
    witness = Witness(watcher)
    stack.enter_context(witness.looking())
    stack.enter_context(leaking(demo_cluster))
    demo_cluster.take_over(DASHBOARD)
    demo_cluster.play([pod for pod in ours if pod.workload == "podforecast-dashboard"])
    return Story(demo_cluster, watcher, witness)


@pytest.fixture(scope="session")
def images(demo_cluster):
    """Build what the compose file builds, under a tag of its own."""
    stack = _stack()
    # Newer versions of Compose build side by side without being told.
    together = ["--parallel"] if "--parallel" in stack.compose("build", "--help") else []
    stack.compose("build", *together, seconds=BUILD_SECONDS)
    yield
    docker("image", "rm", *IMAGES)


@pytest.fixture(scope="session")
def stack(images):
    """The compose file, up and healthy."""
    up = _stack()
    try:
        up.compose("up", "-d", "--no-build")
        for service in SERVICES:
            wait_until(
                lambda service=service: up.health(service) == "healthy",
                seconds=HEALTHY_SECONDS,
                what=f"{service} healthy",
            )
        yield up
    finally:
        up.compose("down", "--volumes", "--remove-orphans")


def _stack() -> Stack:
    ports = {service: free_port() for service in PUBLISHED}
    return Stack(f"podforecast-test-{secrets.token_hex(4)}", ports)

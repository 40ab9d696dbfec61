"""Our manifests played by podman, a real Prometheus among them, and what came of a leak."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from tests.containers.engine import API, DASHBOARD, DEMO, wait_until
from tests.containers.kube import Played, pods
from tests.containers.podman import Podman, podman
from tests.containers.stand_in import NODE, StandIn
from tests.deploy.kustomize import rendered
from tests.deploy.scraping import served, standing_in

START_SECONDS = 120
PROMETHEUS = "prom/prometheus:v3.5.0"
VERSIONS = {"podforecast-api:0.1.0": API, "podforecast-dashboard:0.1.0": DASHBOARD,
            "podforecast-demo:0.1.0": DEMO, f"docker.io/{PROMETHEUS}": PROMETHEUS}  # fmt: skip
"""Image in the manifests to the one that was built here."""
LEAKING_POD = "demo-1"
LEAK_AFTER_SECONDS = 70.0
"""Since the first scrape, at least: when 60 % of a window are there, the leak is half-way."""
LEAK_MIB_PER_MINUTE = 60.0
"""Fills the 256 MiB of the demo app within some 215 seconds, 14 scans."""
LOOK_SECONDS = 2.0


@dataclass
class Cluster:
    """What runs, and where."""

    podman: Podman
    stand_in: StandIn
    images: dict[str, str] = field(default_factory=dict)
    pods: dict[str, Played] = field(default_factory=dict)
    scraped_since: float = 0.0
    """By the monotonic clock."""

    def take_over(self, *images: str) -> None:
        """Load images from Docker."""
        known = {ours: written for written, ours in VERSIONS.items()}
        self.images.update({known[image]: self.podman.load(image) for image in images})

    def play(self, played: Sequence[Played]) -> None:
        for pod in played:
            self.podman.play(pod, self.images)
            self.pods[pod.name] = pod
            self.stand_in.pods.append(pod)

    def url(self, name: str, port: int) -> str:
        return f"http://{self.podman.address(name)}:{port}"

    def wait_for(self, name: str, port: int, path: str) -> None:
        """Wait until a pod answers; where it does not, say what it wrote last."""
        url = self.url(name, port) + path
        try:
            wait_until(lambda: answers(url), seconds=START_SECONDS, what=f"{url} answers")
        except AssertionError as error:
            last_words = self.podman.logs(self.pods[name].container)
            raise AssertionError(f"{error}\n{last_words}") from error

    def life(self, name: str) -> dict[str, Any]:
        return self.podman.inspect(self.pods[name].container)[0]

    def deaths(self, name: str) -> list[int]:
        return self.podman.deaths(self.life(name)["Id"])


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start the demo app, its visitors and a Prometheus that scrapes them."""
    with ExitStack() as stack:
        own = stack.enter_context(podman(folder))
        up = Cluster(own, StandIn(own))
        up.take_over(DEMO, PROMETHEUS)
        apps, visitors = _of_demo("demo"), _of_demo("visitors")
        up.play(apps)
        for pod in apps:
            up.wait_for(pod.name, 8080, "/readyz")
        up.play(visitors)  # now: they can keep all workers of an app that starts busy
        config = stack.enter_context(_scraped(up, apps))
        (prometheus,) = [
            pod for pod in pods(rendered("monitoring")) if pod.workload == "prometheus"
        ]
        files = {**prometheus.volumes, "config": {"prometheus.yml": config}}
        up.play([replace(prometheus, volumes=files)])
        up.wait_for(prometheus.name, 9090, "/-/ready")
        up.scraped_since = time.monotonic()
        yield up


def _of_demo(workload: str) -> list[Played]:
    return [pod for pod in pods(rendered("demo")) if pod.workload == workload]


@contextmanager
def leaking(up: Cluster) -> Iterator[None]:
    """Switch the leak on when the pod has a past, whatever is done meanwhile."""
    switch = functools.partial(
        httpx.post,
        f"{up.url(LEAKING_POD, 8080)}/failures",
        json={"memory_leak": {"mib_per_minute": LEAK_MIB_PER_MINUTE}},
        trust_env=False,
    )
    due = up.scraped_since + LEAK_AFTER_SECONDS - time.monotonic()
    timer = threading.Timer(max(0.0, due), switch)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@contextmanager
def _scraped(up: Cluster, demo: Sequence[Played]) -> Iterator[str]:
    """Serve what stands in for the cluster; gives the configuration that scrapes it."""
    gateway, of = up.podman.gateway(), up.stand_in
    pages = {"cadvisor": {"/metrics/cadvisor": of.cadvisor},
             "kube-state-metrics": {"/metrics": of.kube_state},
             "node-exporter": {"/metrics": of.node}}  # fmt: skip
    exporter = {"pod_label_app_kubernetes_io_name": "node-exporter", "pod_node_name": NODE}
    targets = {"cadvisor": [{"node_name": NODE}], "kube-state-metrics": [{}],
               "node-exporter": [exporter], "pods": [_target(up, pod) for pod in demo]}  # fmt: skip
    with ExitStack() as stack:
        addresses = {job: stack.enter_context(served(page, gateway)) for job, page in pages.items()}
        rules = {"rule_files": ["/etc/prometheus/rules/*.yml"]}
        yield standing_in({**addresses, "pods": ""}, targets, interval="15s", **rules)


def _target(up: Cluster, pod: Played) -> dict[str, str]:
    """Describe a pod as Prometheus' discovery would."""
    return {
        "__address__": up.url(pod.name, 8080).removeprefix("http://"),
        "pod_annotation_prometheus_io_scrape": "true",
        "pod_annotation_prometheus_io_port": "8080",
        "pod_container_port_number": "8080",
        "namespace": pod.namespace,
        "pod_name": pod.name,
        "pod_container_name": "demo",
        "pod_node_name": NODE,
    }


@dataclass
class Witness:
    """Asks the watcher for its predictions, again and again, and writes the answers down."""

    url: str
    seen: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Time and the watcher's word on every pod that it named."""
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            try:
                answer = httpx.get(f"{self.url}/prediction", timeout=5, trust_env=False)
            except httpx.TransportError:
                continue
            if answer.is_success:
                named = answer.json()["predictions"]
                self.seen.append((time.time(), {each["pod"]: each for each in named}))

    @contextmanager
    def looking(self) -> Iterator[None]:
        thread = threading.Thread(target=self.look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def announced(self, pod: str) -> list[tuple[float, dict[str, Any]]]:
        """Return when a failure of that pod was called likelier than not, and in which words."""
        return [(at, named[pod]) for at, named in self.seen
                if named.get(pod, {}).get("risk_level") in ("high", "critical")]  # fmt: skip


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False

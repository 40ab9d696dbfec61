"""A stand-in for the kubelet and kube-state-metrics of a node whose pods podman runs.

It says what they would say, under their names, of what is real: the kernel's accounting of each
container's control group, its limits, and podman's record of starts, restarts and exits. podman has
no API server to ask, so the owners of pods are those of the manifests.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.node_agent.cgroup import Cgroup
from lab.node_agent.cgroups import detect
from lab.node_agent.exposition import Page, labels
from tests.containers.kube import Played
from tests.containers.podman import Podman

NODE = "this-machine"
KILLED = 137
"""Nobody here sends SIGKILL but the kernel."""


@dataclass(frozen=True)
class Life:
    """A container as podman and the kernel know it now."""

    pod: Played
    state: dict[str, Any]
    limits: dict[str, Any]
    restarts: int
    last_exit: int | None
    cgroup: Cgroup

    @property
    def running(self) -> bool:
        return bool(self.state["Running"])

    @property
    def started_at(self) -> float:
        return datetime.fromisoformat(self.state["StartedAt"]).timestamp()

    @property
    def identity(self) -> str:
        return labels(namespace=self.pod.namespace, pod=self.pod.name)

    @property
    def container(self) -> str:
        name = self.pod.spec["containers"][0]["name"]
        return f'{self.identity},container="{name}"'


class StandIn:
    """Renders the pages that Prometheus asks for."""

    def __init__(self, podman: Podman) -> None:
        self.pods: list[Played] = []
        self._podman = podman

    def lives(self) -> list[Life]:
        pods = list(self.pods)
        found = self._podman.inspect(*(pod.container for pod in pods))
        return [self._life(pod, each) for pod, each in zip(pods, found, strict=True)]

    def _life(self, pod: Played, found: dict[str, Any]) -> Life:
        deaths = self._podman.deaths(found["Id"]) if found["RestartCount"] else []
        return Life(
            pod=pod,
            state=found["State"],
            limits=found["HostConfig"],
            restarts=found["RestartCount"],
            last_exit=deaths[-1] if deaths else None,
            cgroup=_cgroup(found["State"]["CgroupPath"]),
        )

    def cadvisor(self) -> str:
        """Return what a kubelet says of containers."""
        page = Page()
        for life in (each for each in self.lives() if each.running):
            memory, cpu = life.cgroup.memory(), life.cgroup.cpu()
            text = life.container
            page.add("container_memory_working_set_bytes", text, memory.working_set_bytes)
            page.add("container_cpu_usage_seconds_total", text, cpu.usage_seconds)
            page.add("container_cpu_cfs_periods_total", text, cpu.periods)
            page.add("container_cpu_cfs_throttled_periods_total", text, cpu.throttled_periods)
            page.add("container_start_time_seconds", text, life.started_at)
        return page.text()

    def kube_state(self) -> str:
        """Return what kube-state-metrics says of pods, their owners and the node."""
        page = Page()
        lives = self.lives()
        for life in lives:
            _add_pod(page, life)
            _add_container(page, life)
        _add_workloads(page, {life.pod.workload: life.pod for life in lives}.values())
        _add_node(page)
        return page.text()

    def node(self) -> str:
        """Return what node-exporter says of this machine."""
        page = Page()
        page.add("node_uname_info", labels(nodename=NODE), 1)
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("MemTotal", "MemAvailable"):
                page.add(f"node_memory_{name}_bytes", "", int(rest.split()[0]) * 1024)
        disk = os.statvfs("/")
        text = labels(device="/dev/root", fstype="ext4", mountpoint="/")
        page.add("node_filesystem_size_bytes", text, disk.f_blocks * disk.f_frsize)
        page.add("node_filesystem_avail_bytes", text, disk.f_bavail * disk.f_frsize)
        for line in Path("/proc/stat").read_text().splitlines():
            name, *ticks = line.split()
            if name.startswith("cpu") and name != "cpu":
                text = labels(cpu=name.removeprefix("cpu"), mode="idle")
                page.add("node_cpu_seconds_total", text, int(ticks[3]) / os.sysconf("SC_CLK_TCK"))
        return page.text()


def _cgroup(path: str) -> Cgroup:
    top = detect()
    for part in Path(path).parts[1:]:
        top = top.child(part)
    return top


def _uid(life: Life) -> str:
    return f'{life.identity},uid="{life.pod.name}"'


def _add_pod(page: Page, life: Life) -> None:
    pod, text = life.pod, _uid(life)
    kind, owner = ("ReplicaSet", f"{pod.workload}-1") if pod.kind == "Deployment" else (
        pod.kind, pod.workload)  # fmt: skip
    created = datetime.fromisoformat(life.state["StartedAt"]).timestamp()
    page.add("kube_pod_info", f"{text},{labels(node=NODE, host_network='false')}", 1)
    page.add("kube_pod_owner", f"{text},{labels(owner_kind=kind, owner_name=owner)}", 1)
    page.add("kube_pod_created", text, created)
    phases = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
    page.one_hot("kube_pod_status_phase", text, "phase", phases, "Running")


def _add_container(page: Page, life: Life) -> None:
    text = f'{_uid(life)},container="{life.pod.spec["containers"][0]["name"]}"'
    page.add("kube_pod_container_info", text, 1)
    page.add("kube_pod_container_status_restarts_total", text, life.restarts)
    page.add("kube_pod_container_status_ready", text, int(life.running))
    limits = "kube_pod_container_resource_limits"
    page.add(limits, f'{text},resource="memory",unit="byte"', life.limits["Memory"])
    page.add(limits, f'{text},resource="cpu",unit="core"', life.limits["NanoCpus"] / 1e9)
    if life.running:
        page.add("kube_pod_container_state_started", text, life.started_at)
    if life.last_exit is not None:
        reason = "OOMKilled" if life.last_exit == KILLED else "Error"
        name = "kube_pod_container_status_last_terminated"
        page.add(f"{name}_reason", f'{text},reason="{reason}"', 1)
        page.add(f"{name}_exitcode", text, life.last_exit)


def _add_workloads(page: Page, pods: Iterable[Played]) -> None:
    for pod in pods:
        space = labels(namespace=pod.namespace)
        if pod.kind != "Deployment":
            page.add(
                "kube_statefulset_replicas", f'{space},statefulset="{pod.workload}"', pod.replicas
            )
            continue
        page.add(
            "kube_deployment_spec_replicas", f'{space},deployment="{pod.workload}"', pod.replicas
        )
        owner = labels(
            replicaset=f"{pod.workload}-1", owner_kind="Deployment", owner_name=pod.workload
        )
        page.add("kube_replicaset_owner", f"{space},{owner}", 1)


def _add_node(page: Page) -> None:
    text = labels(node=NODE)
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for resource, unit, amount in (("cpu", "core", os.cpu_count() or 1), ("memory", "byte", total)):
        page.add(
            "kube_node_status_allocatable", f"{text},{labels(resource=resource, unit=unit)}", amount
        )

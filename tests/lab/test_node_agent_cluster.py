"""The node agent on this machine's kernel: real processes, real control groups."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from lab.errors import LabRefused
from lab.node_agent import cgroups
from lab.node_agent.cgroup import Cgroup
from lab.node_agent.cgroups import LAB
from lab.node_agent.cluster import Cluster
from lab.node_agent.kernel_files import read_text
from lab.node_agent.state import (
    ContainerSpec,
    Event,
    NodeSpec,
    Phase,
    Pod,
    ProbeSpec,
    WorkloadSpec,
)
from lab.node_agent.timing import Timing

MIB = 2**20
ROOT = Path(__file__).parents[2]
HURRY = Timing(
    creating_seconds=(0.0, 0.1),
    terminated_seconds=(0.0, 0.1),
    grace_seconds=0.5,
    backoff_first_seconds=0.2,
    backoff_limit_seconds=0.8,
    scheduling_retry_seconds=0.2,
    reconcile_seconds=0.1,
    node_check_seconds=0.2,
    eviction_pause_seconds=5.0,
    evicted_listed_seconds=1.0,
    node_unknown_after_seconds=0.5,
)
LIVENESS = ProbeSpec(
    path="/healthz", period_seconds=0.3, timeout_seconds=0.3, initial_delay_seconds=0.3
)
READINESS = ProbeSpec(
    path="/readyz", period_seconds=0.2, timeout_seconds=0.5, initial_delay_seconds=0.0
)

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(60),
]


def container(**changes: Any) -> ContainerSpec:
    """Return a container that is quick to start and quickly probed."""
    defaults: dict[str, Any] = {
        "cpu_limit_cores": 0.5,
        "memory_limit_bytes": 64 * MIB,
        "memory_request_bytes": 16 * MIB,
        "env": {"LAB_WARMUP_SECONDS": "0"},
        "liveness": LIVENESS,
        "readiness": READINESS,
    }
    return ContainerSpec(**{**defaults, **changes})


def workload(name: str = "web", *, replicas: int = 1, **changes: Any) -> WorkloadSpec:
    """Return a Deployment of one such container."""
    return WorkloadSpec(
        namespace="shop", name=name, replicas=replicas, containers=(container(**changes),)
    )


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A running cluster, the events it told, and a client."""

    def __init__(
        self, path: Path, workloads: Sequence[WorkloadSpec], *, node_bytes: int, name: str
    ) -> None:
        self.events: list[Event] = []
        self.port = free_port()
        self.cluster = Cluster(
            name=name,
            nodes=[NodeSpec(name="n1", memory_bytes=node_bytes, cpu_cores=2.0)],
            workloads=workloads,
            run_dir=path,
            ip_prefix="127.77",
            listen_port=self.port,
            on_event=self.events.append,
            rng=random.Random(3),
            timing=HURRY,
        )

    @property
    def pods(self) -> list[Pod]:
        return list(self.cluster.pods.values())

    @property
    def failures(self) -> list[Event]:
        return [event for event in self.events if event.kind == "failure"]

    def told(self, kind: str) -> bool:
        return any(event.kind == kind for event in self.events)

    def all_ready(self, count: int) -> bool:
        ready = [pod for pod in self.pods if pod.containers[0].ready and not pod.deleting]
        return len(ready) == len(self.pods) == count

    async def until(self, condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)

    async def switch(self, pod: Pod, **toggles: object) -> None:
        url = f"http://{pod.ip}:8080/failures"
        async with aiohttp.ClientSession() as client, client.post(url, json=toggles) as answer:
            assert answer.status == 200, await answer.text()

    async def page(self, path: str) -> str:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            return await answer.text() if answer.status == 200 else str(answer.status)


@asynccontextmanager
async def site(
    path: Path, *workloads: WorkloadSpec, node_mib: int = 2048, name: str = "test"
) -> AsyncIterator[Site]:
    """Run a cluster and prove that nothing of it stays."""
    running = Site(path, workloads, node_bytes=node_mib * MIB, name=f"{name}-{os.getpid()}")
    group = cluster_group(running.cluster.name)
    try:
        await running.cluster.start()
        yield running
    finally:
        await running.cluster.stop()
        await running.cluster.stop()
    assert not any(folder.exists() for folder in group.folders)


def cluster_group(name: str) -> Cgroup:
    """Return the control group of a cluster."""
    return cgroups.detect().child(LAB).child(name)


class TestRefusals:
    async def test_a_second_cluster_of_the_same_name(self, tmp_path: Path) -> None:
        async with site(tmp_path) as running:
            other = Site(tmp_path, [], node_bytes=MIB, name=running.cluster.name)
            with pytest.raises(LabRefused, match="runs already"):
                await other.cluster.start()

    async def test_a_port_that_is_taken(self, tmp_path: Path) -> None:
        async with site(tmp_path) as running:
            other = Site(tmp_path, [], node_bytes=MIB, name="other")
            other.cluster._exporter.port = running.port
            with pytest.raises(LabRefused, match="can not be listened on"):
                await other.cluster.start()
            await other.cluster.stop()


class TestFailures:
    async def test_a_leak_ends_in_an_oom_kill_counted_by_the_kernel(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload()) as running:
            await running.until(lambda: running.all_ready(1))
            [pod] = running.pods
            await running.switch(pod, memory_leak={"mib_per_minute": 6000})
            await running.until(lambda: bool(running.failures))
            await running.until(lambda: pod.containers[0].restarts == 1)
        [failure] = running.failures
        assert (failure.cause, failure.exit_code) == ("oom", 137)
        assert pod.containers[0].last_terminated_reason == "OOMKilled"
        assert pod.containers[0].oom_kills == 1

    async def test_a_starved_event_loop_fails_liveness(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload(cpu_limit_cores=0.1)) as running:
            await running.until(lambda: running.all_ready(1))
            [pod] = running.pods
            await running.switch(pod, cpu_spike={"threads": 16})
            await running.until(lambda: bool(running.failures))
            await running.until(lambda: pod.containers[0].restarts == 1)
        assert running.failures[0].cause == "liveness"
        assert pod.containers[0].probe_results["Liveness", "failed"] >= 3

    async def test_a_deadlock_is_killed_after_the_grace_period(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload()) as running:
            await running.until(lambda: running.all_ready(1))
            await running.switch(running.pods[0], deadlock=True)
            await running.until(lambda: bool(running.failures))
        assert (running.failures[0].cause, running.failures[0].exit_code) == ("liveness", 137)

    async def test_a_crash_and_an_outside_kill_are_exits(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload()) as running:
            await running.until(lambda: running.all_ready(1))
            [pod] = running.pods
            await running.switch(pod, crash={"signal": 11})
            await running.until(lambda: pod.containers[0].restarts == 1)
            await running.until(lambda: running.all_ready(1))
            running.cluster.kill_container(pod.key)
            await running.until(lambda: len(running.failures) == 2)
        assert [event.cause for event in running.failures] == ["exit", "exit"]
        assert [event.exit_code for event in running.failures] == [139, 137]

    async def test_the_back_off_of_a_crash_loop_doubles(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload(env={"LAB_BAD_CONFIG": "1"})) as running:
            await running.until(lambda: bool(running.pods))
            running_container = running.pods[0].containers[0]
            waits: list[float] = []
            for restarts in range(1, 4):
                await running.until(lambda count=restarts: running_container.restarts == count)
                waits.append(running_container.backoff_seconds)
            await running.until(lambda: running_container.waiting_reason == "CrashLoopBackOff")
        assert waits == [0.0, 0.2, 0.4]

    async def test_a_full_node_evicts_the_pod_furthest_above_its_request(
        self, tmp_path: Path
    ) -> None:
        greedy = workload("greedy", memory_limit_bytes=128 * MIB)
        modest = workload("modest")
        async with site(tmp_path, greedy, modest, node_mib=70) as running:
            await running.until(lambda: running.all_ready(2))
            victim = next(pod for pod in running.pods if pod.workload == "greedy")
            await running.switch(victim, memory_leak={"mib_per_minute": 2400, "stop_at_mib": 58})
            await running.until(lambda: victim.phase is Phase.FAILED)
            await running.until(lambda: bool(running.failures))
            assert victim.key in running.cluster.pods
            await running.until(lambda: victim.key not in running.cluster.pods)
            await running.until(lambda: running.all_ready(2))
        [failure] = running.failures
        assert (failure.cause, failure.pod) == ("eviction", victim.name)


class TestNoFailures:
    async def test_a_pod_that_fits_nowhere_is_pending(self, tmp_path: Path) -> None:
        big = workload(replicas=2, memory_request_bytes=600 * MIB)
        async with site(tmp_path, big, node_mib=1024) as running:
            await running.until(lambda: running.told("pod_pending"))
            [waiting] = [pod for pod in running.pods if pod.node is None]
            assert waiting.phase is Phase.PENDING
            running.cluster.delete_pod(next(pod.key for pod in running.pods if pod.node))
            await running.until(lambda: waiting.node == "n1")

    async def test_an_image_that_can_not_be_pulled_never_starts(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload(replicas=2)) as running:
            await running.until(lambda: running.all_ready(2))
            running.cluster.rollout("shop/web", image="registry.lab/demo:missing")
            await running.until(lambda: running.told("image_pull_failed"))
            bad = next(pod for pod in running.pods if pod.image.endswith("missing"))
            await running.until(lambda: bad.containers[0].waiting_reason == "ImagePullBackOff")
            assert len(running.pods) == 3
            running.cluster.rollback("shop/web")
            await running.until(lambda: running.all_ready(2))
        assert running.failures == []

    async def test_a_rollout_replaces_all_pods(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload(replicas=2)) as running:
            await running.until(lambda: running.all_ready(2))
            before = set(running.cluster.pods)
            running.cluster.rollout("shop/web", env={"LAB_WORK_MS": "1"})
            await running.until(
                lambda: running.all_ready(2) and before.isdisjoint(running.cluster.pods)
            )
            page = await running.page("/metrics/kube-state-metrics")
        assert running.failures == []
        assert page.count("kube_replicaset_created{") == 2

    async def test_a_lost_node_hides_its_pods_and_they_come_back(self, tmp_path: Path) -> None:
        async with site(tmp_path, workload()) as running:
            await running.until(lambda: running.all_ready(1))
            [pod] = running.pods
            running.cluster.lose_node("n1", lost=True)
            await running.until(lambda: pod.phase is Phase.UNKNOWN)
            assert await running.page("/metrics/node/n1") == "503"
            assert await running.page("/sd/pods") == "[]"
            assert pod.name not in await running.page("/metrics/cadvisor")
            running.cluster.lose_node("n1", lost=False)
            assert (pod.phase, pod.status_reason) == (Phase.RUNNING, "")
            assert pod.name in await running.page("/metrics/cadvisor")
        assert running.failures == []


async def test_a_crashed_agent_leaves_no_process_and_no_group(tmp_path: Path) -> None:
    agent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CRASHING_AGENT, str(tmp_path), stdout=subprocess.PIPE, cwd=ROOT
    )
    assert agent.stdout is not None
    pids = [int(word) for word in (await agent.stdout.readline()).split()]
    group = cluster_group(f"crash-{agent.pid}")
    assert len(pids) == 3
    assert set(pids) <= group.process_ids()
    agent.send_signal(signal.SIGKILL)
    await agent.wait()
    async with asyncio.timeout(10):
        while any(folder.exists() for folder in group.folders) or any(map(is_alive, pids)):
            await asyncio.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    return read_text(f"/proc/{pid}/stat").rpartition(") ")[2][:1] not in ("", "Z")


CRASHING_AGENT = """
import asyncio, os, random, subprocess, sys
from pathlib import Path
from lab.node_agent.cluster import Cluster
from lab.node_agent.kernel_files import read_text
from lab.node_agent.state import NodeSpec, WorkloadSpec

async def crash():
    cluster = Cluster(
        name=f"crash-{os.getpid()}",
        nodes=[NodeSpec(name="n1", memory_bytes=2**30, cpu_cores=1)],
        workloads=[WorkloadSpec(namespace="shop", name="web", replicas=1)],
        run_dir=Path(sys.argv[1]),
        ip_prefix="127.78",
        listen_port=0,
        on_event=lambda event: None,
        rng=random.Random(1),
    )
    await cluster.start()
    load = subprocess.Popen(["sleep", "60"])
    cluster.system_cgroup.attach(load.pid)
    [pod] = cluster.pods.values()
    while pod.containers[0].pid is None:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    print(pod.containers[0].pid, load.pid, cluster._spawner.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(crash())
"""

"""What cAdvisor says about containers and pods, under its names and labels."""

from __future__ import annotations

import asyncio

from lab.node_agent.cgroup import Cgroup
from lab.node_agent.container import ContainerRunner, Run
from lab.node_agent.exposition import Page, labels
from lab.node_agent.kubelet import Kubelet, PodRun
from lab.node_agent.network import interface_counters
from lab.node_agent.state import Node, Pod

PODS_PER_TURN = 10
"""So many are read before the event loop gets another turn: probes must not wait."""


async def render(kubelet: Kubelet, nodes: dict[str, Node]) -> str:
    """Return the page for all nodes that still answer."""
    page = Page()
    network = interface_counters()
    for count, run in enumerate(list(kubelet.runs.values())):
        if count % PODS_PER_TURN == 0:
            await asyncio.sleep(0)
        if run.pod.node is None or nodes[run.pod.node].lost:
            continue
        if any(container.started_at for container in run.pod.containers):
            _add_pod(page, run, network)
        for runner in run.runners:
            if runner.run is not None:
                _add_container(page, runner, runner.run)
    return page.text()


def _pod_id(pod: Pod) -> str:
    return f"/kubepods/burstable/pod{pod.uid}"


def _add_pod(page: Page, run: PodRun, network: dict[str, dict[str, int]]) -> None:
    pod = run.pod
    text = labels(namespace=pod.namespace, pod=pod.name, id=_pod_id(pod))
    page.add("container_cpu_usage_seconds_total", text, run.cgroup.cpu().usage_seconds)
    _add_memory(page, text, run.cgroup)
    for interface, counters in network.items():
        with_interface = f'{text},interface="{interface}"'
        for quantity, value in counters.items():
            page.add(f"container_network_{quantity}_total", with_interface, value)


def _add_memory(page: Page, text: str, cgroup: Cgroup) -> int:
    memory = cgroup.memory()
    page.add("container_memory_working_set_bytes", text, memory.working_set_bytes)
    page.add("container_memory_usage_bytes", text, memory.usage_bytes)
    page.add("container_memory_rss", text, memory.rss_bytes)
    page.add("container_memory_max_usage_bytes", text, memory.max_usage_bytes)
    return memory.oom_kills


def _add_container(page: Page, runner: ContainerRunner, run: Run) -> None:
    pod, spec = runner.pod, runner.container.spec
    text = labels(
        namespace=pod.namespace,
        pod=pod.name,
        container=spec.name,
        id=f"{_pod_id(pod)}/{run.run_id}",
        image=pod.image,
        name=run.run_id,
    )
    oom_kills = _add_memory(page, text, run.cgroup)
    cpu = run.cgroup.cpu()
    page.add("container_oom_events_total", text, oom_kills)
    page.add("container_spec_memory_limit_bytes", text, spec.memory_limit_bytes)
    page.add("container_spec_cpu_period", text, 100_000)
    page.add("container_spec_cpu_quota", text, round(spec.cpu_limit_cores * 100_000))
    page.add("container_start_time_seconds", text, run.started_at)
    page.add("container_cpu_usage_seconds_total", text, cpu.usage_seconds)
    page.add("container_cpu_cfs_periods_total", text, cpu.periods)
    page.add("container_cpu_cfs_throttled_periods_total", text, cpu.throttled_periods)
    page.add("container_cpu_cfs_throttled_seconds_total", text, cpu.throttled_seconds)
    waiting_seconds = run.cgroup.memory_waiting_seconds()
    if waiting_seconds is not None:
        page.add("container_pressure_memory_waiting_seconds_total", text, waiting_seconds)

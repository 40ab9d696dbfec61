"""Every series the PromQL of the project reads is exported, with its labels."""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from lab.node_agent.cluster import Cluster
from lab.node_agent.state import AutoscalerSpec, ContainerSpec, NodeSpec, ProbeSpec, WorkloadSpec
from lab.node_agent.timing import Timing

pytestmark = [
    pytest.mark.lab,
]

POD = "namespace pod uid"
CONTAINER = f"{POD} container"
CADVISOR = "namespace pod container id image name"
HPA = "namespace horizontalpodautoscaler"

KUBE_STATE: Mapping[str, str] = {
    "kube_pod_info": f"{POD} node host_ip pod_ip created_by_kind created_by_name host_network",
    "kube_pod_created": POD,
    "kube_pod_owner": f"{POD} owner_kind owner_name owner_is_controller",
    "kube_pod_status_phase": f"{POD} phase",
    "kube_pod_status_reason": f"{POD} reason",
    "kube_pod_status_ready": f"{POD} condition",
    "kube_pod_container_info": f"{CONTAINER} image",
    "kube_pod_container_resource_limits": f"{CONTAINER} resource unit node",
    "kube_pod_container_resource_requests": f"{CONTAINER} resource unit node",
    "kube_pod_container_status_restarts_total": CONTAINER,
    "kube_pod_container_status_ready": CONTAINER,
    "kube_pod_container_status_running": CONTAINER,
    "kube_pod_container_status_waiting": CONTAINER,
    "kube_pod_container_status_waiting_reason": f"{CONTAINER} reason",
    "kube_pod_container_status_last_terminated_reason": f"{CONTAINER} reason",
    "kube_pod_container_status_last_terminated_exitcode": CONTAINER,
    "kube_replicaset_owner": "namespace replicaset owner_kind owner_name owner_is_controller",
    "kube_replicaset_created": "namespace replicaset",
    "kube_replicaset_spec_replicas": "namespace replicaset",
    "kube_deployment_spec_replicas": "namespace deployment",
    "kube_deployment_status_replicas_available": "namespace deployment",
    "kube_statefulset_replicas": "namespace statefulset",
    "kube_statefulset_status_replicas_ready": "namespace statefulset",
    "kube_horizontalpodautoscaler_info": (
        f"{HPA} scaletargetref_kind scaletargetref_name scaletargetref_api_version"
    ),
    "kube_horizontalpodautoscaler_spec_target_metric": f"{HPA} metric_name metric_target_type",
    "kube_horizontalpodautoscaler_spec_min_replicas": HPA,
    "kube_horizontalpodautoscaler_spec_max_replicas": HPA,
    "kube_horizontalpodautoscaler_status_desired_replicas": HPA,
    "kube_horizontalpodautoscaler_status_current_replicas": HPA,
    "kube_node_info": "node",
    "kube_node_status_allocatable": "node resource unit",
    "kube_node_status_condition": "node condition status",
}
CONTAINERS: Mapping[str, str] = {
    "container_cpu_usage_seconds_total": CADVISOR,
    "container_cpu_cfs_periods_total": CADVISOR,
    "container_cpu_cfs_throttled_periods_total": CADVISOR,
    "container_cpu_cfs_throttled_seconds_total": CADVISOR,
    "container_memory_working_set_bytes": CADVISOR,
    "container_memory_usage_bytes": CADVISOR,
    "container_memory_rss": CADVISOR,
    "container_memory_max_usage_bytes": CADVISOR,
    "container_spec_memory_limit_bytes": CADVISOR,
    "container_oom_events_total": CADVISOR,
    "container_start_time_seconds": CADVISOR,
}
INTERFACES: Mapping[str, str] = {
    f"container_network_{direction}_{quantity}_total": "namespace pod id interface"
    for direction in ("receive", "transmit")
    for quantity in ("bytes", "packets", "packets_dropped", "errors")
}
PROBES: Mapping[str, str] = {
    "prober_probe_total": "probe_type result container pod namespace pod_uid"
}
NODE: Mapping[str, str] = {
    "node_memory_MemAvailable_bytes": "",
    "node_memory_MemTotal_bytes": "",
    "node_uname_info": "nodename sysname release machine",
    "node_cpu_seconds_total": "cpu mode",
    "node_filesystem_avail_bytes": "mountpoint fstype",
    "node_filesystem_size_bytes": "mountpoint fstype",
    "node_load1": "",
}
SAMPLE = re.compile(r"^(?P<name>\w+)\{(?P<labels>.*)\} \S+$")


def has_external_interface() -> bool:
    return any(not path.name.startswith(("lo", "ifb")) for path in Path("/sys/class/net").iterdir())


def label_sets(page: str) -> dict[str, list[set[str]]]:
    """Return metric name -> the label names of each of its samples."""
    found: dict[str, list[set[str]]] = {}
    for line in page.splitlines():
        if not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match is not None, line
            names = set(re.findall(r'(\w+)="', match["labels"]))
            found.setdefault(match["name"], []).append(names)
    return found


class Pages:
    """The exporter of a running cluster."""

    def __init__(self, port: int, client: aiohttp.ClientSession) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._client = client

    async def text(self, path: str) -> str:
        async with self._client.get(f"{self._url}{path}") as answer:
            assert answer.status == 200
            return await answer.text()

    async def wait_for(self, path: str, *pieces: str) -> str:
        page = ""
        while not all(piece in page for piece in pieces):
            await asyncio.sleep(0.05)
            page = await self.text(path)
        return page


@pytest_asyncio.fixture
async def pages(tmp_path: Path) -> AsyncIterator[Pages]:
    """Serve a Deployment that crashes, a StatefulSet, and an autoscaler."""
    probe = ProbeSpec(path="/readyz", period_seconds=0.2, initial_delay_seconds=0.0)
    good = ContainerSpec(cpu_limit_cores=0.5, readiness=probe, env={"LAB_WARMUP_SECONDS": "0"})
    bad = ContainerSpec(cpu_limit_cores=0.5, env={"LAB_BAD_CONFIG": "1"})
    scaler = AutoscalerSpec(min_replicas=1, max_replicas=2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = Cluster(
        name=f"metrics-{os.getpid()}",
        nodes=[NodeSpec(name="n1", memory_bytes=2**30, cpu_cores=2.0)],
        workloads=[
            WorkloadSpec(
                namespace="shop", name="web", replicas=1, containers=(good,), autoscaler=scaler
            ),
            WorkloadSpec(
                namespace="shop", name="db", replicas=1, containers=(good,), kind="StatefulSet"
            ),
            WorkloadSpec(namespace="shop", name="bad", replicas=1, containers=(bad,)),
        ],
        run_dir=tmp_path,
        ip_prefix="127.79",
        listen_port=port,
        on_event=lambda _: None,
        rng=random.Random(5),
        timing=Timing(creating_seconds=(0.0, 0.1), terminated_seconds=(0.0, 0.1)),
    )
    try:
        await cluster.start()
        async with aiohttp.ClientSession() as client:
            yield Pages(port, client)
    finally:
        await cluster.stop()


def assert_exported(page: str, wanted: Mapping[str, str]) -> None:
    found = label_sets(page)
    for name, names in wanted.items():
        expected = set(names.split())
        assert any(expected <= labels for labels in found.get(name, [])), (name, found.get(name))


async def test_every_series_is_exported_with_its_labels(pages: Pages) -> None:
    state = await pages.wait_for(
        "/metrics/kube-state-metrics", 'reason="CrashLoopBackOff"', "last_terminated_reason"
    )
    assert_exported(state, KUBE_STATE)
    assert_exported(await pages.wait_for("/metrics/probes", "successful"), PROBES)
    assert_exported(await pages.text("/metrics/node/n1"), NODE)
    containers = await pages.text("/metrics/cadvisor")
    assert_exported(containers, CONTAINERS)
    if has_external_interface():
        assert_exported(containers, INTERFACES)


async def test_the_pod_itself_has_a_series_without_a_container(pages: Pages) -> None:
    page = await pages.wait_for("/metrics/cadvisor", "container_start_time_seconds")
    for name in ("container_cpu_usage_seconds_total", "container_memory_working_set_bytes"):
        assert {"namespace", "pod", "id"} in label_sets(page)[name]


async def test_discovery_names_the_pod_behind_each_target(pages: Pages) -> None:
    found = await pages.wait_for("/sd/pods", "db-0")
    assert '"namespace": "shop", "pod": "db-0", "node": "n1", "container": "app"' in found
    assert "/metrics/node/n1" in await pages.text("/sd/nodes")

"""A run from start to end, with real pods and a real Prometheus, in half a minute."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from lab.campaign.events import read_events
from lab.campaign.recording import Run, RunSettings, execute
from lab.errors import LabRefused
from lab.export_prometheus import serving
from lab.node_agent import cgroups

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

ALWAYS = {
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_network_receive_packets_dropped_total",
    "container_network_transmit_packets_dropped_total",
    "kube_deployment_spec_replicas",
    "kube_horizontalpodautoscaler_info",
    "kube_horizontalpodautoscaler_status_current_replicas",
    "kube_horizontalpodautoscaler_status_desired_replicas",
    "kube_node_status_allocatable",
    "kube_node_status_condition",
    "kube_pod_container_resource_limits",
    "kube_pod_container_status_restarts_total",
    "kube_pod_created",
    "kube_pod_info",
    "kube_pod_owner",
    "kube_pod_status_phase",
    "kube_replicaset_created",
    "kube_replicaset_owner",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemTotal_bytes",
    "node_uname_info",
}
"""Read by the tests of the PromQL set, and there from the first scrape on."""
IN_TIME = {
    "kube_pod_container_status_last_terminated_reason",
    "kube_pod_container_status_waiting_reason",
}
"""There once a container has ended or waits."""
OF_SOME_SEEDS = {"kube_statefulset_replicas"}
"""There where the seed draws a StatefulSet."""


@contextlib.asynccontextmanager
async def nobody_watches(_: Run) -> AsyncIterator[None]:
    yield


def settings(run_dir: Path, *, name: str, ports: tuple[int, int]) -> RunSettings:
    return RunSettings(
        name=name,
        seed=1,
        mix="balanced",
        pods=9,
        minutes=0.4,
        run_dir=run_dir,
        ip_prefix="127.77",
        listen_port=ports[0],
        prometheus_port=ports[1],
    )


@pytest.fixture
def ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def test_a_port_in_use_is_refused_and_leaves_the_folder_free(
    tmp_path: Path, ports: tuple[int, int]
) -> None:
    with socket.create_server(("127.0.0.1", ports[1])), pytest.raises(LabRefused):
        asyncio.run(
            execute(settings(tmp_path, name="test-port-in-use", ports=ports), nobody_watches)
        )
    assert not (tmp_path / "events.jsonl").exists()


def test_leaves_a_recording_and_nothing_else(tmp_path: Path, ports: tuple[int, int]) -> None:
    told = settings(tmp_path, name="test-campaign-run", ports=ports)
    asyncio.run(execute(told, nobody_watches))
    events = list(read_events(tmp_path / "events.jsonl"))
    assert (events[0].kind, events[-1].kind) == ("campaign_started", "campaign_ended")
    assert events[-1].reason == "complete"
    assert [event.kind for event in events].count("container_started") == told.pods
    assert (tmp_path / "prometheus" / "wal").is_dir()
    assert not cgroups.detect().child(cgroups.LAB).child(told.name).process_ids()
    with serving(tmp_path / "prometheus") as url:
        stored = httpx.get(url + "/api/v1/label/__name__/values", timeout=10).json()["data"]
    assert set(stored) >= ALWAYS
    with pytest.raises(LabRefused, match="holds a recording already"):
        asyncio.run(execute(told, nobody_watches))


CAMPAIGNS = ("harbor", "marsh", "meadow", "quarry", "ridge", "summit")


def stored_metrics(campaign: str) -> set[str]:
    path = Path(__file__).parents[2] / "data" / campaign / "series.parquet"
    return set(pq.read_table(path, columns=["name"]).column("name").unique().to_pylist())


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_a_whole_campaign_stored_every_metric_the_queries_read(campaign: str) -> None:
    assert stored_metrics(campaign) >= ALWAYS | IN_TIME


def test_some_campaign_stored_what_not_every_seed_draws() -> None:
    assert set().union(*map(stored_metrics, CAMPAIGNS)) >= OF_SOME_SEEDS

"""A run from start to end, with real pods and a real Prometheus, in half a minute."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.campaign.events import read_events
from lab.campaign.recording import Run, RunSettings, execute
from lab.errors import LabRefused
from lab.node_agent import cgroups

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]


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
    with pytest.raises(LabRefused, match="holds a recording already"):
        asyncio.run(execute(told, nobody_watches))

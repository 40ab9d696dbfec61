"""A real server, a hundred callers, most of them hostile, and a new model every moment."""

from __future__ import annotations

import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.fire import Fire
from tests.watcher.made_up import write_campaign

ROOT = Path(__file__).parents[2]
CLIENTS = 100
WARM_UP_SECONDS = 30.0
ENOUGH = {("forecast", 200): 1000, ("batch", 200): 100, ("reload", 200): 10}
"""Answers until as many callers have met as ever do: a slow machine takes longer than a minute."""
FIRE_SECONDS = 60.0
MEMORY_GROWTH = 1.10
"""Resident memory at the end against that after the warm-up."""

pytestmark = [pytest.mark.timeout(300, func_only=True), pytest.mark.glibc]


class ModelFolder:
    """What the service reads: a link to one of two models, turned over in one step."""

    def __init__(self, trained, folder):
        self.path = folder / "models"
        self._models = [folder / "first", folder / "second"]
        for number, copy in enumerate(self._models):
            shutil.copytree(trained, copy)
            manifest = json.loads((copy / "manifest.json").read_text())
            manifest |= {"model_version": f"fire-{number}", "threshold": 0.25 + number / 2}
            (copy / "manifest.json").write_text(json.dumps(manifest))
        self.swap()

    @property
    def answers(self):
        return {("fire-0", 0.25), ("fire-1", 0.75)}

    def swap(self):
        self._models.reverse()
        link = self.path.with_suffix(".new")
        link.symlink_to(self._models[0], target_is_directory=True)
        link.replace(self.path)


class Resident:
    """Resident memory of a process, read now and then while it lives."""

    def __init__(self, pid):
        self._status = Path(f"/proc/{pid}/status")
        self._seen: list[tuple[float, int]] = []
        self._ends = threading.Event()

    def watch(self):
        while not self._ends.wait(0.25):
            kib = int(re.search(r"VmRSS:\s+(\d+)", self._status.read_text())[1])
            self._seen.append((time.monotonic(), kib))

    def __enter__(self):
        self._thread = threading.Thread(target=self.watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def median_mib(self, *, last_seconds):
        since = self._seen[-1][0] - last_seconds
        return statistics.median(kib for at, kib in self._seen if at >= since) / 1024


@contextmanager
def serving(folder, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": "/usr/bin:/bin",
        "PODFORECAST_MODEL_DIR": str(folder.path),
        "PODFORECAST_API__PORT": str(port),
        "PODFORECAST_API__BODY_TIMEOUT": "PT10S",
        "PODFORECAST_REPLAY__DATA_DIR": str(write_campaign(tmp_path / "data")),
        "PODFORECAST_REPLAY__SPEED": "1",
        "PODFORECAST_REPLAY__START_MINUTE": "16",
    }
    with (tmp_path / "stdout").open("wb") as out, (tmp_path / "stderr").open("wb") as err:
        child = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=out, stderr=err
        )
        url = httpx.URL(f"http://127.0.0.1:{port}/")
        try:
            wait_until_ready(url, child)
            yield url, child
        finally:
            child.terminate()
            child.wait(20)


def wait_until_ready(url, child):
    """Until a scan is kept, too: what keeps it is loaded at the first one, which is no growth."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and child.poll() is None:
        try:
            live = httpx.get(url.join("/model"), timeout=5, trust_env=False).json()["live"]
            if live is not None and live["ungraded_scans"]:
                return
        except (httpx.TransportError, KeyError):
            pass
        time.sleep(0.2)
    raise AssertionError("the service is not ready after half a minute")


@pytest.fixture
def folder(trained, tmp_path):
    return ModelFolder(trained[0], tmp_path)


async def test_it_answers_every_valid_request_and_never_breaks(folder, tmp_path):
    example = json.loads((ROOT / "example.json").read_text())
    with serving(folder, tmp_path) as (url, child), Resident(child.pid) as memory:

        def fire(seconds):
            target = url, example, folder.answers, folder.swap
            return Fire(*target, seconds, at_least=ENOUGH).run(CLIENTS)

        await fire(WARM_UP_SECONDS)
        before = memory.median_mib(last_seconds=15.0)
        ledger = await fire(FIRE_SECONDS)
        after = memory.median_mib(last_seconds=30.0)
        assert child.poll() is None

    assert ledger.faults == []
    assert ledger.kinds() == {"forecast", "batch", "oddity", "oversized", "slow", "no-http",
                              "probe", "reload", "metrics"}  # fmt: skip
    assert after <= before * MEMORY_GROWTH, f"{before:.0f} MiB became {after:.0f} MiB"
    log = (tmp_path / "stderr").read_text()
    assert "traceback=" not in log
    assert "Traceback" not in log

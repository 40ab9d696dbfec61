"""The demo app as a process of its own: what it does to memory, descriptors and itself."""

from __future__ import annotations

import json
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
MAX_FILES = 64


class AppProcess:
    """A running demo app."""

    def __init__(self, **environ: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lab.app", "--port", str(port)],
            cwd=ROOT,
            env={"LAB_WARMUP_SECONDS": "0", **environ},
            stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_FILES, MAX_FILES)),
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=1.0)

    def status(self, path: str) -> int:
        """Return the status of an answer, 0 if there is none."""
        try:
            return self.http.get(path).status_code
        except httpx.TransportError:
            return 0

    def switch(self, **changes: object) -> None:
        self.http.post("/failures", json=changes).raise_for_status()

    def rss_mib(self) -> float:
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize() / 2**20

    def wait(self) -> int:
        return self.process.wait(timeout=10)

    def messages(self) -> list[tuple[str, str]]:
        """Return (level, message) of all log lines; the process must have ended."""
        assert self.process.stdout is not None
        lines = [json.loads(line) for line in self.process.stdout.read().splitlines()]
        return [(line["level"], line["message"]) for line in lines]

    def close(self) -> None:
        self.http.close()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def wait_until(check: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def app() -> Iterator[AppProcess]:
    app = AppProcess()
    try:
        wait_until(lambda: app.status("/healthz") == 200)
        yield app
    finally:
        app.close()


@pytest.mark.parametrize(
    ("params", "status"),
    [
        pytest.param(True, 1, id="default"),
        pytest.param({"exit_code": 2}, 2, id="exit-code"),
        pytest.param({"signal": int(signal.SIGSEGV)}, -signal.SIGSEGV, id="segfault"),
    ],
)
def test_a_crash_ends_the_process(app: AppProcess, params: object, status: int) -> None:
    app.switch(crash=params)
    assert app.wait() == status


def test_too_many_errors_end_the_process(app: AppProcess) -> None:
    app.switch(error_rate={"exit_after_seconds": 0.1})
    assert app.wait() == 1
    assert ("critical", "too many errors, giving up") in app.messages()


def test_a_bad_config_is_named_before_the_end() -> None:
    app = AppProcess(LAB_BAD_CONFIG="1")
    try:
        assert app.wait() == 1
        assert [level for level, _ in app.messages()] == ["critical"]
    finally:
        app.close()


def test_sigterm_is_a_clean_exit(app: AppProcess) -> None:
    app.switch(memory_leak=True, cpu_spike=True, traffic_burst=True)
    app.process.terminate()
    assert app.wait() == 0
    assert app.messages() == []


def test_a_deadlock_answers_nothing_and_outlives_sigterm(app: AppProcess) -> None:
    app.switch(deadlock=True)
    time.sleep(0.3)
    assert app.status("/healthz") == 0
    app.process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        app.process.wait(timeout=0.5)


def test_a_leak_grows_and_is_given_back(app: AppProcess) -> None:
    before = app.rss_mib()
    app.switch(memory_leak={"mib_per_minute": 3000, "stop_at_mib": 40})
    wait_until(lambda: app.rss_mib() > before + 38)
    app.switch(memory_leak=False)
    wait_until(lambda: app.rss_mib() < before + 5)


def test_a_leak_per_request_follows_the_load(app: AppProcess) -> None:
    before = app.rss_mib()
    app.switch(memory_leak={"mib_per_minute": 300, "per_request": True})
    assert [app.status("/work") for _ in range(4)] == [200] * 4
    wait_until(lambda: before + 38 < app.rss_mib() < before + 45)


def test_leaked_connections_end_in_a_failing_health_check(app: AppProcess) -> None:
    app.switch(connection_leak={"per_minute": 6000})
    wait_until(lambda: app.status("/healthz") != 200)
    app.http.close()
    used = len(list(Path(f"/proc/{app.process.pid}/fd").iterdir()))
    assert used >= MAX_FILES - 2

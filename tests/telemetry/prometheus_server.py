"""A real Prometheus for tests."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

CONFIG = "storage: {tsdb: {out_of_order_time_window: 30d}}\n"
"""Without it only the last hour could be written."""
READY_SECONDS = 30.0


@contextlib.contextmanager
def running(folder: Path, *flags: str, config: str = CONFIG, port: int = 0) -> Iterator[str]:
    """Start it on a free port, unless told otherwise; gives its base URL.

    What an earlier one has stored in the folder is still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(config)
    url = f"http://127.0.0.1:{port or free_port()}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(_command(folder, url, flags), stdout=log, stderr=log)
    try:
        _wait_ready(process, url, folder / "log")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _command(folder: Path, url: str, flags: Sequence[str]) -> list[str]:
    return [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
        *flags,
    ]


def _wait_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"prometheus did not start: {log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

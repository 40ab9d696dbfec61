"""The Prometheus of a finished run, started once more to be read from."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from lab.campaign.prometheus import find_binary
from lab.errors import LabRefused

READY_SECONDS = 60.0
"""It replays the log of the whole run first."""
STOP_SECONDS = 20.0
POLL_SECONDS = 0.2


@contextlib.contextmanager
def serving(tsdb: Path) -> Iterator[str]:
    """Start a Prometheus that scrapes nothing on a run's samples; gives its base URL.

    Raises
    ------
    LabRefused
        If there are no samples, or another Prometheus is still writing them.
    """
    if not tsdb.is_dir():
        raise LabRefused(
            f"there are no samples in {tsdb}", hint="Give the folder of a run: var/lab/NAME."
        )
    port = _free_port()
    with tempfile.TemporaryDirectory() as scratch:
        config, output = Path(scratch) / "prometheus.yml", Path(scratch) / "log"
        config.write_text("{}\n", encoding="utf-8")
        command = [
            find_binary(),
            f"--config.file={config}",
            f"--storage.tsdb.path={tsdb}",
            "--storage.tsdb.retention.time=10y",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
        with output.open("wb") as sink:
            process = subprocess.Popen(command, stdout=sink, stderr=sink)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_ready(process, url, output)
            yield url
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(process: subprocess.Popen[bytes], url: str, output: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/-/ready", trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(POLL_SECONDS)
    said = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise LabRefused(
        f"prometheus did not start: {said[-1] if said else 'it said nothing'}",
        hint="Is the run still going on? Then give the address of its Prometheus with --url.",
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

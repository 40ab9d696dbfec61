"""A server as a process: started, waited for, measured from outside, ended. Linux only."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Load

ROOT = Path(__file__).parents[1]
READY_WITHIN_SECONDS = 60.0
GIVE_UP_SECONDS = 60.0
"""After what a load takes; it gives up sooner by itself."""
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class DidNotStart(RuntimeError):
    """The server ended, or said nothing in time."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that answered /readyz with 200."""

    pid: int
    port: int
    seconds_to_ready: float

    def cpu_seconds(self) -> float:
        """Of all its threads, since it started."""
        # After the name, which may hold anything, in brackets: see proc(5).
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def resident_mib(self) -> float:
        """Physical memory of the process now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def endpoint(name: str, folder: Path) -> list[str]:
    """Command of one of :data:`benchmarks.serve.ENDPOINTS`; the port is still to be added."""
    return [sys.executable, "-m", "benchmarks.serve", name, str(folder)]


def service() -> list[str]:
    """Command of the service as ``make run`` starts it."""
    return [sys.executable, "-m", "uvicorn", "app:app", "--log-level", "warning",
            "--no-access-log", "--port"]  # fmt: skip


@contextmanager
def running(command: Sequence[str]) -> Iterator[Server]:
    """Start a server on a free port and wait until it is ready.

    Raises
    ------
    DidNotStart
        With its command, so that it can be tried by hand, and the end of what it said.
    """
    port = _free_port()
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own servers
            [*command, str(port)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            while not _is_ready(port):
                if (
                    process.poll() is not None
                    or time.perf_counter() > started + READY_WITHIN_SECONDS
                ):
                    said.seek(0)
                    raise DidNotStart(f"{' '.join(command)} {port}: {said.read().decode()[-2000:]}")
                time.sleep(0.005)
            yield Server(process.pid, port, time.perf_counter() - started)
        finally:
            process.kill()
            process.wait()


def ask(server: Server, *, connections: int, seconds: float) -> Load:
    """Load it from another process.

    Raises
    ------
    RuntimeError
        If a request was not answered with 200: such a run measures something else.
    """
    command = [sys.executable, "-m", "benchmarks.load", *map(str, (server.port, connections,
                                                                  seconds))]  # fmt: skip
    printed = subprocess.run(  # noqa: S603 - our own script
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=seconds + GIVE_UP_SECONDS
    )
    load = Load(**json.loads(printed.stdout))
    if load.refused:
        raise RuntimeError(f"{load.refused} of {load.requests} requests were not answered with 200")
    return load


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1.0)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""The node agent's side of the zygote: start a process, signal it, learn how it ended."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lab
from lab.errors import LabRefused
from lab.node_agent.cgroup import Cgroup
from lab.node_agent.supervision import in_thread

log = logging.getLogger(__name__)
PACKAGE_ROOT = Path(lab.__path__[0]).parent


@dataclass(slots=True)
class Process:
    """A container's process."""

    run_id: str
    started: asyncio.Future[int]
    """Its process id."""
    exited: asyncio.Future[int | None]
    """Its exit code, 128 + signal if killed; ``None`` if the zygote was lost with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What the zygote needs to fork a container."""

    run_id: str
    cgroup: Cgroup
    host: str
    port: int
    env: Mapping[str, str]
    log_file: Path
    max_open_files: int


@dataclass(slots=True)
class Spawner:
    """Owns the zygote, and starts another one should it die."""

    cluster: str
    program: str
    """``package.module:function``, called with host, port, environ in the forked process."""
    cgroup: Cgroup
    log_file: Path
    _processes: dict[str, Process] = field(default_factory=dict)
    _zygote: subprocess.Popen[bytes] | None = None
    _writer: asyncio.StreamWriter | None = None
    _reading: asyncio.Task[None] | None = None
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def pid(self) -> int | None:
        """Process id of the zygote."""
        return None if self._zygote is None else self._zygote.pid

    async def start(self) -> None:
        """Start the zygote."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "lab.node_agent.zygote", "--socket", str(theirs.fileno())]
        command += ["--agent-pid", str(os.getpid())]
        command += ["--cluster", self.cluster, "--program", self.program]
        path = [str(PACKAGE_ROOT), *(entry for entry in sys.path if entry)]
        environ = {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join(path),
            "UV_THREADPOOL_SIZE": "1",  # one thread instead of four per container, of no use
        }
        with theirs, self.log_file.open("ab") as output:
            self._zygote = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=environ,
            )
        self.cgroup.attach(self._zygote.pid)
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._reading = asyncio.create_task(self._read(reader))

    async def launch(self, launch: Launch) -> Process:
        """Fork a container and return once it runs in its group.

        Raises
        ------
        LabRefused
            If the cluster was stopped.
        """
        await self._ensure_alive()
        loop = asyncio.get_running_loop()
        process = Process(launch.run_id, loop.create_future(), loop.create_future())
        self._processes[launch.run_id] = process
        self._send(
            {
                "op": "start",
                "id": launch.run_id,
                "host": launch.host,
                "port": launch.port,
                "env": dict(launch.env),
                "log": str(launch.log_file),
                "nofile": launch.max_open_files,
            }
        )
        try:
            await self._admit(process, launch.cgroup)
        except BaseException:
            self.signal(process, signal.SIGKILL)
            raise
        return process

    def signal(self, process: Process, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if not process.exited.done():
            self._send({"op": "kill", "id": process.run_id, "signal": number})

    async def stop(self) -> None:
        """Take leave of the zygote; it kills and reaps what it started."""
        if self._zygote is None:
            return
        if self._reading is not None:
            self._reading.cancel()
        self._send({"op": "stop"})
        zygote, self._zygote = self._zygote, None
        try:
            await asyncio.to_thread(zygote.wait, 10)
        except subprocess.TimeoutExpired:
            log.warning("zygote_hangs pid=%d", zygote.pid)
            zygote.kill()
            zygote.wait()
        if self._writer is not None:
            self._writer.close()

    async def _admit(self, process: Process, cgroup: Cgroup) -> None:
        """Put the new process, which waits for it, into its group, and let it begin.

        It could do so itself, but would then hold the kernel's lock on all groups while it has
        already no more CPU time than its own small share.
        """
        either: list[asyncio.Future[Any]] = [process.started, process.exited]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if process.started.done():
            await in_thread(cgroup.attach, process.started.result())
            self._send({"op": "begin", "id": process.run_id})

    async def _ensure_alive(self) -> None:
        async with self._starting:
            if self._zygote is not None and self._zygote.poll() is not None:
                log.critical("zygote_died code=%s", self._zygote.returncode)
                await self.start()
        if self._zygote is None:
            raise LabRefused("The cluster was stopped.", hint="Start it again.")

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        async for line in reader:
            self._receive(json.loads(line))
        lost = list(self._processes.values())
        self._processes.clear()
        for process in lost:
            if not process.exited.done():
                process.exited.set_result(None)

    def _receive(self, message: Mapping[str, Any]) -> None:
        run_id = message["id"]
        process = self._processes.get(run_id)
        if process is None:
            return
        if message["op"] == "started" and not process.started.done():
            process.started.set_result(message["pid"])
        elif message["op"] == "exited":
            del self._processes[run_id]
            if not process.exited.done():
                process.exited.set_result(message["code"])

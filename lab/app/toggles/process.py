"""Toggles that end or wedge the whole process."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from lab.app.process import exit_now
from lab.app.service import Service, Toggle

TICK_SECONDS = 1.0
DEPENDENCY = ("127.0.0.1", 8125)


class Crash(Toggle):
    """A sudden end, by exit or by signal."""

    name: ClassVar[str] = "crash"
    summary: ClassVar[str] = "The process ends at once; signal 11 exits 139."

    exit_code: int = Field(default=1, ge=0, le=255)
    after_seconds: float = Field(default=0.2, ge=0)
    signal: int | None = Field(default=None, ge=1, le=64)

    @override
    async def run(self, service: Service) -> None:
        """Die."""
        await asyncio.sleep(self.after_seconds)
        if self.signal is not None:
            os.kill(os.getpid(), self.signal)
        else:
            exit_now(self.exit_code)


class BadConfig(Toggle):
    """A configuration the service can not live with."""

    name: ClassVar[str] = "bad_config"
    summary: ClassVar[str] = "The process complains about its configuration and exits 1."

    async def run(self, service: Service) -> None:
        """Notice, complain, exit."""
        await asyncio.sleep(0.5)
        service.telemetry.log("critical", "invalid configuration: DATABASE_URL is empty")
        exit_now(1)


class Deadlock(Toggle):
    """The event loop waits for a lock that nobody will release."""

    name: ClassVar[str] = "deadlock"
    summary: ClassVar[str] = "The process hangs for ever: no answer to anything."

    @override
    async def run(self, service: Service) -> None:
        """Block the thread of the event loop, once the answer is out."""
        await asyncio.sleep(0.2)
        lock = threading.Lock()
        with lock:
            lock.acquire()


class ConnectionLeak(Toggle):
    """A new client per call, never closed, until no descriptor is left.

    One connection is one descriptor: a connected UDP socket, as a statsd client
    has. Nothing is ever sent.
    """

    name: ClassVar[str] = "connection_leak"
    summary: ClassVar[str] = "Open sockets pile up until the descriptor limit."

    per_minute: float = Field(default=10.0, gt=0)

    async def run(self, service: Service) -> None:
        """Open connections at the given rate; close them at the end."""
        loop = asyncio.get_running_loop()
        connections: list[socket.socket] = []
        began = loop.time()
        try:
            while True:
                await asyncio.sleep(TICK_SECONDS)
                wanted = int((loop.time() - began) * self.per_minute / 60.0)
                _open_until(connections, wanted, service)
        finally:
            for connection in connections:
                connection.close()


def _open_until(connections: list[socket.socket], wanted: int, service: Service) -> None:
    while len(connections) < wanted:
        try:
            connections.append(_connect())
        except OSError as error:
            if error.errno not in {errno.EMFILE, errno.ENFILE}:
                raise
            service.telemetry.log("error", "can not connect: %s", error.strerror)
            return


def _connect() -> socket.socket:
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.connect(DEPENDENCY)
    return connection

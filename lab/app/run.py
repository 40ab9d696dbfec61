"""Serving the app: heavy imports happen here, threads and loops only in :func:`serve`.

A process can import this module once and fork many servers from it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType

import httptools  # noqa: F401  (imported before a fork, used by uvicorn)
import uvicorn
import uvicorn.lifespan.on
import uvicorn.loops.uvloop
import uvicorn.protocols.http.httptools_impl
import uvloop  # noqa: F401

from lab.app.application import create_app
from lab.app.telemetry import log_to_stdout


class QuietServer(uvicorn.Server):
    """Uvicorn without its ten wake-ups a second, which add up over hundreds of pods."""

    _wake: asyncio.Event | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Wait for a signal instead of asking for it again and again."""
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        if not self.should_exit:
            await self._wake.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal and wake the main loop."""
        super().handle_exit(sig, frame)
        if self._loop is not None and self._wake is not None:
            self._loop.call_soon_threadsafe(self._wake.set)


def serve(host: str, port: int, environ: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT, then return; a clean shutdown is exit code 0."""
    log_to_stdout()
    config = uvicorn.Config(
        create_app(environ),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
    )
    # Uvicorn raises the signal again after its shutdown. As process 1 of a
    # container it would be ignored then, and the exit code be 0: so it is here.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with suppress(KeyboardInterrupt):
        QuietServer(config).run()

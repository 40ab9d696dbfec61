"""The visitors that keep the demo app of the compose file busy."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import subprocess
import sys
from random import Random

import pytest
from aiohttp import web

from lab.app.visitors import positive, visit


@pytest.fixture
async def counted():
    """A fake app that counts its visits, and its address."""
    visits = asyncio.Queue()

    async def work(_: web.Request) -> web.Response:
        visits.put_nowait(None)
        return web.Response(status=500)

    app = web.Application()
    app.router.add_get("/work", work)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    yield visits, f"http://127.0.0.1:{port}/work"
    await runner.cleanup()


async def cancelled(task: asyncio.Task) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "many"])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(argparse.ArgumentTypeError, match=rate):
        positive(rate)


async def test_visitors_keep_coming_although_the_app_fails(counted, tmp_path):
    visits, url = counted
    heartbeat = tmp_path / "heartbeat"
    visiting = asyncio.create_task(visit(url, rate=200.0, rng=Random(1), heartbeat=heartbeat))
    for _ in range(20):
        await asyncio.wait_for(visits.get(), 10)
    await cancelled(visiting)
    assert heartbeat.exists()


async def test_the_heart_beats_although_nobody_listens(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/work"
    heartbeat = tmp_path / "heartbeat"
    visiting = asyncio.create_task(visit(url, rate=200.0, rng=Random(1), heartbeat=heartbeat))
    async with asyncio.timeout(10):
        while not heartbeat.exists():
            await asyncio.sleep(0)
    await cancelled(visiting)


def test_sigterm_ends_them_at_once(tmp_path):
    heartbeat = tmp_path / "heartbeat"
    child = subprocess.Popen([sys.executable, "-m", "lab.app.visitors", "http://127.0.0.1:9/",
                              "--rate", "100", "--heartbeat", str(heartbeat)])  # fmt: skip
    try:
        while not heartbeat.exists():
            assert child.poll() is None
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait()

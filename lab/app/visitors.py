"""Visitors of one demo app: ``python -m lab.app.visitors http://demo:8080/work``.

Requests come at exponential intervals around a rate that swings slowly, as the load of a campaign
does (:mod:`lab.campaign.load` follows a whole cluster; here there is one address).
"""

from __future__ import annotations

import argparse
import asyncio
import math
import signal
from contextlib import suppress
from pathlib import Path
from random import Random

import aiohttp
import uvloop

TIMEOUT = aiohttp.ClientTimeout(total=5.0)
CONCURRENCY = 8
SWING = 0.3
PERIOD_SECONDS = 20 * 60


async def visit(url: str, *, rate: float, rng: Random, heartbeat: Path | None = None) -> None:
    """Visit `url` until cancelled, `rate` times a second on average.

    At most `CONCURRENCY` requests are under way: a slow app is visited less often. `heartbeat` is
    touched before every request, whatever becomes of it, so that a health check can tell a dead
    visitor from a dead app.
    """
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        while True:
            await asyncio.sleep(rng.expovariate(_rate_at(loop.time(), rate)))
            if heartbeat is not None:
                heartbeat.touch()
            if len(under_way) < CONCURRENCY:
                task = asyncio.create_task(_request(session, url))
                under_way.add(task)
                task.add_done_callback(under_way.discard)


def _rate_at(seconds: float, mean: float) -> float:
    return mean * (1.0 + SWING * math.sin(math.tau * seconds / PERIOD_SECONDS))


async def _request(session: aiohttp.ClientSession, url: str) -> None:
    # A failing app is what the demo is for.
    with suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with session.get(url) as answer:
            await answer.read()


async def visit_until_told(url: str, *, rate: float, rng: Random, heartbeat: Path | None) -> None:
    """Visit until SIGTERM or SIGINT, which process 1 of a container would not die of."""
    visiting = asyncio.create_task(visit(url, rate=rate, rng=rng, heartbeat=heartbeat))
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, visiting.cancel)
    with suppress(asyncio.CancelledError):
        await visiting


def positive(text: str) -> float:
    """Read a rate.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is no finite number above 0.
    """
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0.0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return rate


def main() -> None:
    """Read the arguments and visit."""
    parser = argparse.ArgumentParser(
        prog="python -m lab.app.visitors", description="Keep one demo app busy."
    )
    parser.add_argument("url", help="address to ask, for example http://127.0.0.1:8080/work")
    parser.add_argument("--rate", type=positive, default=5.0, help="requests a second")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--heartbeat", type=Path, help="file touched at every request")
    given = parser.parse_args()
    uvloop.run(
        visit_until_told(
            given.url, rate=given.rate, rng=Random(given.seed), heartbeat=given.heartbeat
        )
    )


if __name__ == "__main__":
    main()

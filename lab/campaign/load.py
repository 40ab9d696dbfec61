"""Background load, as a process of its own: ``python -m lab.campaign.load --help``.

Every running pod gets requests at exponential intervals. The mean rate of its workload walks
slowly and swings like a day made short, with a period and phase of its own. A pod has at most
`CONCURRENCY` requests under way, as behind a connection-limited proxy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp
import uvloop

log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
TIMEOUT_SECONDS = 5.0
CONCURRENCY = 4
SWING = 0.3
WALK_STEP = 0.03
"""Standard deviation of one step of the walk (per refresh), in the logarithm."""
WALK_BOUND = 0.5
DEFAULT_RATE = 0.3


@dataclass(slots=True)
class Rhythm:
    """How the load of one workload moves around its mean."""

    mean_per_second: float
    period_seconds: float
    phase: float
    walk: float = 0.0

    @classmethod
    def draw(cls, rng: Random, mean_per_second: float) -> Rhythm:
        """Draw period and phase."""
        return cls(
            mean_per_second=mean_per_second,
            period_seconds=rng.uniform(20 * 60, 90 * 60),
            phase=rng.uniform(0, math.tau),
        )

    def step(self, rng: Random) -> None:
        """Walk one step, pulled back towards zero."""
        self.walk = 0.99 * self.walk + rng.gauss(0.0, WALK_STEP)
        self.walk = max(-WALK_BOUND, min(WALK_BOUND, self.walk))

    def rate(self, now: float) -> float:
        """Requests per second and pod at `now`."""
        swing = SWING * math.sin(math.tau * now / self.period_seconds + self.phase)
        return self.mean_per_second * (1.0 + swing) * math.exp(self.walk)


def workload_of(pod: str, namespace: str, known: dict[str, float]) -> str:
    """Find the workload whose name a pod's name begins with; the longest wins.

    >>> workload_of("cart-7c9-x2x", "shop", {"shop/cart": 1.0, "shop/car": 1.0})
    'shop/cart'
    """
    full = f"{namespace}/{pod}"
    fitting = [key for key in known if full.startswith(f"{key}-")]
    return max(fitting, key=len, default="")


class Load:
    """Sends the requests."""

    def __init__(
        self, session: aiohttp.ClientSession, *, means: dict[str, float], rng: Random
    ) -> None:
        self._session = session
        self._means = means
        self._rng = rng
        self._rhythms = {key: Rhythm.draw(rng, mean) for key, mean in sorted(means.items())}
        self._callers: dict[str, asyncio.Task[None]] = {}

    async def run(self, discovery_url: str) -> None:
        """Follow the list of pods for ever."""
        while True:
            targets = await self._targets(discovery_url)
            if targets is not None:
                self._follow(targets)
            for rhythm in self._rhythms.values():
                rhythm.step(self._rng)
            await asyncio.sleep(REFRESH_SECONDS)

    def _follow(self, targets: dict[str, str]) -> None:
        for address in self._callers.keys() - targets.keys():
            self._callers.pop(address).cancel()
        for address in targets.keys() - self._callers.keys():
            rhythm = self._rhythms.get(targets[address])
            if rhythm is None:
                rhythm = Rhythm.draw(self._rng, DEFAULT_RATE)
            self._callers[address] = asyncio.create_task(self._call(address, rhythm))

    async def _targets(self, url: str) -> dict[str, str] | None:
        """Address to workload of all running pods; None when the agent does not answer."""
        try:
            async with self._session.get(url) as answer:
                groups = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("no target list error=%r", error)
            return None
        return {
            address: workload_of(g["labels"]["pod"], g["labels"]["namespace"], self._means)
            for g in groups
            for address in g["targets"]
        }

    async def _call(self, address: str, rhythm: Rhythm) -> None:
        url = f"http://{address}/work"
        under_way: set[asyncio.Task[None]] = set()
        while True:
            await asyncio.sleep(self._rng.expovariate(rhythm.rate(time.time())))
            if len(under_way) < CONCURRENCY:
                task = asyncio.create_task(self._request(url))
                under_way.add(task)
                task.add_done_callback(under_way.discard)

    async def _request(self, url: str) -> None:
        try:
            async with self._session.get(url) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return  # a failing pod is what the lab is for


async def serve(discovery_url: str, means: dict[str, float], seed: int) -> None:
    """Send load until cancelled."""
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=CONCURRENCY, use_dns_cache=False)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await Load(session, means=means, rng=Random(seed)).run(discovery_url)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description="Send background load to the lab's pods.")
    parser.add_argument("--discovery-url", required=True, help="the node agent's /sd/pods")
    parser.add_argument("--rates", type=Path, required=True, help="JSON: workload to rps per pod")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    means = json.loads(arguments.rates.read_text(encoding="utf-8"))
    uvloop.run(serve(arguments.discovery_url, means, arguments.seed))


if __name__ == "__main__":
    main()

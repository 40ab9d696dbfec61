"""One unit of work: what ``/work`` does, and the traffic burst does to itself."""

from __future__ import annotations

import asyncio
import time

from lab.app.service import Service
from lab.app.toggles.requests import ErrorRate, HighLatency, ServiceDown, SlowDependency


async def perform_work(service: Service) -> int:
    """Do one unit of work, count it, and return its HTTP status."""
    started = time.perf_counter()
    status = await _answer(service)
    service.telemetry.observe_work(status, time.perf_counter() - started)
    return status


async def _answer(service: Service) -> int:
    if service.board.find(ServiceDown):
        return 503
    await _wait_latency(service)
    async with service.pool:
        burn_cpu(service.settings.work_ms / 1000.0 * service.rng.uniform(0.7, 1.3))
        await _wait_dependency(service)
    service.works_done += 1
    return 500 if _fails(service) else 200


def burn_cpu(seconds: float) -> None:
    """Keep this thread busy for that much CPU time, however long it takes by the clock."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(2000))


async def _wait_latency(service: Service) -> None:
    found = service.board.find(HighLatency)
    if found:
        toggle, elapsed = found
        await asyncio.sleep(toggle.delay_seconds(elapsed) * service.rng.uniform(0.8, 1.2))


async def _wait_dependency(service: Service) -> None:
    found = service.board.find(SlowDependency)
    if found:
        toggle, elapsed = found
        await asyncio.sleep(toggle.hold_seconds(elapsed) * service.rng.uniform(0.9, 1.1))


def _fails(service: Service) -> bool:
    found = service.board.find(ErrorRate)
    if not found:
        return False
    toggle, elapsed = found
    if service.rng.random() >= toggle.share_now(elapsed):
        return False
    service.telemetry.log("error", "request failed: upstream answered nonsense")
    return True

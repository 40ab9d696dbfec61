"""How ``/work`` is answered, and the toggles that change the answer."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from pydantic import Field

from lab.app.process import exit_now
from lab.app.service import Service, Toggle


def ramp(elapsed: float, ramp_seconds: float) -> float:
    """Return how far a ramp has come, from 0 to 1; no ramp is full strength at once."""
    return 1.0 if elapsed >= ramp_seconds else elapsed / ramp_seconds


class HighLatency(Toggle):
    """A slow answer that blocks nobody else."""

    name: ClassVar[str] = "high_latency"
    summary: ClassVar[str] = "Every request waits, without holding a worker."
    benign: ClassVar[bool] = True

    ms: float = Field(default=400.0, ge=0)
    ramp_seconds: float = Field(default=0.0, ge=0)

    def delay_seconds(self, elapsed: float) -> float:
        """Return the wait of a request that arrives ``elapsed`` seconds after the switch."""
        return self.ms / 1000.0 * ramp(elapsed, self.ramp_seconds)


class ErrorRate(Toggle):
    """Failing requests, each with an error in the log."""

    name: ClassVar[str] = "error_rate"
    summary: ClassVar[str] = "A share of the requests answers 500; may end the process."

    share: float = Field(default=0.3, ge=0, le=1)
    ramp_seconds: float = Field(default=0.0, ge=0)
    exit_after_seconds: float | None = Field(default=None, gt=0)

    def share_now(self, elapsed: float) -> float:
        """Return the share of requests that fail ``elapsed`` seconds after the switch."""
        return self.share * ramp(elapsed, self.ramp_seconds)

    async def run(self, service: Service) -> None:
        """Give up after ``exit_after_seconds``, if set."""
        if self.exit_after_seconds is None:
            await super().run(service)
            return
        await asyncio.sleep(self.exit_after_seconds)
        service.telemetry.log("critical", "too many errors, giving up")
        exit_now(1)


class ServiceDown(Toggle):
    """Nothing works, but the process lives."""

    name: ClassVar[str] = "service_down"
    summary: ClassVar[str] = "/work, /readyz and /healthz answer 503."


class SlowDependency(Toggle):
    """A dependency that gets slower while its callers hold their worker.

    The pool starves once ``requests per second * seconds held`` reaches its slots:
    8 slots at 0.7 requests/s starve at 11.4 s, which 1500 ms/min reach in 8 minutes.
    """

    name: ClassVar[str] = "slow_dependency"
    summary: ClassVar[str] = "Requests hold their worker longer and longer."

    ms_per_minute: float = Field(default=1500.0, gt=0)
    max_ms: float = Field(default=60_000.0, gt=0)

    def hold_seconds(self, elapsed: float) -> float:
        """Return how long a request holds its worker ``elapsed`` seconds after the switch."""
        return min(self.max_ms, self.ms_per_minute * elapsed / 60.0) / 1000.0


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

"""Toggles that hold memory: a leak, and growth that looks like one."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from lab.app.ballast import MIB, Ballast
from lab.app.service import Service, Toggle

Shape = Literal["linear", "accelerating", "steps"]

TICK_SECONDS = 1.0
EXPECTED_REQUESTS_PER_MINUTE = 30.0


def leaked_mib(shape: Shape, mib_per_minute: float, seconds: float) -> float:
    """Return how much a leak has taken after that time (``steps``: on average).

    An accelerating leak starts at the given rate, has three times that rate
    after ten minutes, and goes on growing by as much.

    >>> leaked_mib("linear", 10, 120)
    20.0
    >>> leaked_mib("accelerating", 10, 600)
    200.0
    """
    linear = mib_per_minute * seconds / 60.0
    return linear * (1.0 + seconds / 600.0) if shape == "accelerating" else linear


async def follow(level_mib: Callable[[float], float]) -> None:
    """Hold the memory that ``level_mib`` asks for at each second; release it at the end."""
    ballast = Ballast()
    started = time.monotonic()
    try:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            ballast.resize(level_mib(time.monotonic() - started) * MIB)
    finally:
        ballast.resize(0)


class MemoryLeak(Toggle):
    """Memory that is never given back, until the kernel kills the process."""

    name: ClassVar[str] = "memory_leak"
    summary: ClassVar[str] = "Memory grows until the limit; 6000 MiB/min is a sudden end."

    mib_per_minute: float = Field(default=10.0, gt=0)
    shape: Shape = "linear"
    stop_at_mib: float | None = Field(default=None, gt=0)
    per_request: bool = False
    """Leak with each ``/work`` instead, at this rate under 30 requests a minute."""

    async def run(self, service: Service) -> None:
        """Leak; the shape of a leak per request is that of the load."""
        if self.per_request:
            first = service.works_done
            await follow(lambda _: self._capped(self._by_load(service.works_done - first)))
        elif self.shape == "steps":
            steps = Steps(service.rng)
            await follow(lambda now: self._capped(self._by_time(steps.last_before(now))))
        else:
            await follow(lambda now: self._capped(self._by_time(now)))

    def _by_load(self, works: int) -> float:
        return works * self.mib_per_minute / EXPECTED_REQUESTS_PER_MINUTE

    def _by_time(self, seconds: float) -> float:
        return leaked_mib(self.shape, self.mib_per_minute, seconds)

    def _capped(self, mib: float) -> float:
        return mib if self.stop_at_mib is None else min(mib, self.stop_at_mib)


class Steps:
    """Random instants, 30 to 90 s apart."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._last = 0.0
        self._next = rng.uniform(30.0, 90.0)

    def last_before(self, now: float) -> float:
        """Return the latest instant up to ``now``, which must not go back."""
        while self._next <= now:
            self._last = self._next
            self._next += self._rng.uniform(30.0, 90.0)
        return self._last


class CacheWarmup(Toggle):
    """A cache that fills and stays: a ramp and a plateau."""

    name: ClassVar[str] = "cache_warmup"
    summary: ClassVar[str] = "Memory grows to a plateau, and stays there."
    benign: ClassVar[bool] = True

    mib: float = Field(default=24.0, gt=0)
    seconds: float = Field(default=90.0, gt=0)

    @override
    async def run(self, service: Service) -> None:
        """Fill, then hold."""
        await follow(lambda now: self.mib * min(1.0, now / self.seconds))


class GcSawtooth(Toggle):
    """Garbage that piles up and is collected, again and again."""

    name: ClassVar[str] = "gc_sawtooth"
    summary: ClassVar[str] = "Memory climbs and falls back, again and again."
    benign: ClassVar[bool] = True

    low_mib: float = Field(default=4.0, ge=0)
    high_mib: float = Field(default=32.0, gt=0)
    period_seconds: float = Field(default=120.0, ge=2)

    @override
    async def run(self, service: Service) -> None:
        """Climb from low to high in each period."""
        await follow(self._level)

    def _level(self, now: float) -> float:
        phase = now % self.period_seconds / self.period_seconds
        return self.low_mib + (self.high_mib - self.low_mib) * phase

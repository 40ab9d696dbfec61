"""Toggles that make noise: more requests, more log lines."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from pydantic import Field

from lab.app.service import Service, Toggle
from lab.app.toggles.requests import perform_work

MOST_AT_ONCE = 32


class TrafficBurst(Toggle):
    """Many requests that come from nowhere."""

    name: ClassVar[str] = "traffic_burst"
    summary: ClassVar[str] = "The service works for itself, a few times a second."
    benign: ClassVar[bool] = True

    rps: float = Field(default=5.0, gt=0, le=1000)

    async def run(self, service: Service) -> None:
        """Issue requests at random instants; drop those that find too many before them."""
        pending: set[asyncio.Task[int]] = set()
        try:
            while True:
                await asyncio.sleep(service.rng.expovariate(self.rps))
                if len(pending) < MOST_AT_ONCE:
                    task = asyncio.create_task(perform_work(service))
                    pending.add(task)
                    task.add_done_callback(pending.discard)
        finally:
            for task in list(pending):
                task.cancel()


class LogNoise(Toggle):
    """Errors in the log that mean nothing."""

    name: ClassVar[str] = "log_noise"
    summary: ClassVar[str] = "Error lines in the log, without consequence."
    benign: ClassVar[bool] = True

    per_minute: float = Field(default=60.0, gt=0, le=6000)

    async def run(self, service: Service) -> None:
        """Complain at random instants."""
        while True:
            await asyncio.sleep(service.rng.expovariate(self.per_minute / 60.0))
            service.telemetry.log("error", "cache miss took too long, fell back to the origin")

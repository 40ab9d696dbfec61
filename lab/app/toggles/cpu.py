"""Toggles that burn CPU in threads beside the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import ClassVar

from pydantic import Field

from lab.app.service import Service, Toggle

SLICE_SECONDS = 0.002


def spin(stop: threading.Event) -> None:
    """Burn until stopped, giving the interpreter up only when it is taken away."""
    while not stop.is_set():
        for _ in range(20_000):
            pass


def spin_politely(stop: threading.Event, duty: float) -> None:
    """Burn a ``duty`` share of the wall clock in short slices, sleeping between them.

    The sleep follows the wall time of the slice, so that a throttled process
    sleeps longer as well and the event loop keeps its share of the quota.
    """
    while not stop.is_set():
        began = time.perf_counter()
        while time.perf_counter() - began < SLICE_SECONDS:
            sum(range(500))
        stop.wait((time.perf_counter() - began) * (1.0 - duty) / duty)


def start_thread(target: Callable[..., None], *args: object) -> None:
    """Start a thread that does not keep the process alive."""
    threading.Thread(target=target, args=args, daemon=True).start()


class CpuSpike(Toggle):
    """Threads that want all the CPU: under a small quota the event loop starves.

    Each time the event loop needs the interpreter it waits for up to 5 ms of CPU per
    thread, and an answer needs it several times. Measured share of ``/healthz`` answers
    that took more than a second, by CPU limit:

    ======= ===== ===== ======
    threads  50 m  80 m  120 m
    ======= ===== ===== ======
          1   0 %   0 %    0 %
          2  10 %   0 %    0 %
          4  80 %  72 %   10 %
          6  95 %  88 %   45 %
          8 100 % 100 %   98 %
    ======= ===== ===== ======
    """

    name: ClassVar[str] = "cpu_spike"
    summary: ClassVar[str] = "Busy threads starve the health check under a small CPU limit."

    threads: int = Field(default=8, ge=1, le=64)
    ramp_seconds: float = Field(default=0.0, ge=0)
    """The threads start one after the other, evenly over this time."""

    async def run(self, service: Service) -> None:
        """Start the threads, and stop them at the end."""
        stop = threading.Event()
        try:
            for started in range(self.threads):
                if started:
                    await asyncio.sleep(self.ramp_seconds / (self.threads - 1))
                start_thread(spin, stop)
            await super().run(service)
        finally:
            stop.set()


class BatchCpu(Toggle):
    """A polite batch job: much CPU, much throttling, no harm."""

    name: ClassVar[str] = "batch_cpu"
    summary: ClassVar[str] = "One busy thread that leaves room for requests."
    benign: ClassVar[bool] = True

    duty: float = Field(default=0.5, gt=0, le=0.95)

    async def run(self, service: Service) -> None:
        """Start the thread, and stop it at the end."""
        stop = threading.Event()
        try:
            start_thread(spin_politely, stop, self.duty)
            await super().run(service)
        finally:
            stop.set()

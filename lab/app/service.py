"""The running service: its worker pool, its telemetry and the toggles that are on."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lab.app.settings import Settings
from lab.app.telemetry import Telemetry

ToggleT = TypeVar("ToggleT", bound="Toggle")


class Toggle(BaseModel):
    """A failure or look-alike that can be switched on; its fields are its parameters."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    name: ClassVar[str]
    summary: ClassVar[str]
    benign: ClassVar[bool] = False
    """A look-alike: visible in the metrics, but it does not end in a failure by itself."""

    duration_seconds: float | None = Field(default=None, gt=0)
    """Switches itself off after so long; ``null``: stays until switched off."""

    async def run(self, service: Service) -> None:  # noqa: ARG002
        """Misbehave until cancelled, then give everything back.

        The default only waits: some toggles act through the request handlers.
        """
        await asyncio.Event().wait()


@dataclass(slots=True, kw_only=True)
class ActiveToggle:
    """A toggle that is on."""

    toggle: Toggle
    since: datetime
    started: float
    """``time.monotonic()`` of the switch."""
    task: asyncio.Task[None]

    @property
    def elapsed(self) -> float:
        """Seconds since it was switched on."""
        return time.monotonic() - self.started


class Board:
    """Which toggles are on. A toggle posted again starts afresh with its new parameters."""

    def __init__(self) -> None:
        self._active: dict[str, ActiveToggle] = {}

    def get(self, name: str) -> ActiveToggle | None:
        """Return the toggle of that name if it is on."""
        return self._active.get(name)

    def find(self, kind: type[ToggleT]) -> tuple[ToggleT, float] | None:
        """Return the toggle of that kind and the seconds since its switch, if it is on."""
        active = self._active.get(kind.name)
        if active is None or not isinstance(active.toggle, kind):
            return None
        return active.toggle, active.elapsed

    def switch_on(self, toggle: Toggle, service: Service) -> None:
        """Start the toggle in the background."""
        self.switch_off(toggle.name)
        task = asyncio.create_task(self._run(toggle, service), name=toggle.name)
        self._active[toggle.name] = ActiveToggle(
            toggle=toggle, since=datetime.now(UTC), started=time.monotonic(), task=task
        )

    def switch_off(self, name: str) -> None:
        """Stop the toggle if it is on."""
        active = self._active.pop(name, None)
        if active is not None:
            active.task.cancel()

    async def close(self) -> None:
        """Switch everything off and wait until it has given back what it held."""
        tasks = [active.task for active in self._active.values()]
        for name in list(self._active):
            self.switch_off(name)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, toggle: Toggle, service: Service) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(toggle.duration_seconds):
                    await toggle.run(service)
        finally:
            active = self._active.get(toggle.name)
            if active is not None and active.task is asyncio.current_task():
                del self._active[toggle.name]


@dataclass(slots=True, kw_only=True)
class Service:
    """Everything the handlers and the toggles share."""

    settings: Settings
    telemetry: Telemetry
    pool: asyncio.Semaphore
    """The worker slots: health checks need one as well, as they do in real services."""
    board: Board = field(default_factory=Board)
    rng: random.Random = field(default_factory=random.Random)
    started: float = field(default_factory=time.monotonic)
    works_done: int = 0

    @property
    def warming_up(self) -> bool:
        """Whether the service is too young to be ready."""
        return time.monotonic() - self.started < self.settings.warmup_seconds


def make_service(settings: Settings) -> Service:
    """Build the service of one app."""
    return Service(
        settings=settings,
        telemetry=Telemetry(),
        pool=asyncio.Semaphore(settings.pool_slots),
    )

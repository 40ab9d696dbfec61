"""Background tasks that may fail without taking the agent along."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

RETRY_SECONDS = 5.0
P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work in a thread; a cancellation takes effect when it has ended.

    Making, filling and removing control groups takes locks that the whole machine shares: under
    load that was seen to last seconds, in which no probe would be sent.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await running
        raise


class Tasks:
    """The tasks of one owner, cancelled together."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work``; if it raises, log that and run it again a little later."""
        self._begin(name, work, delay_seconds=0.0, again=True)

    def once(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run ``work``; if it raises, log that."""
        self._begin(name, work, delay_seconds=0.0, again=False)

    async def cancel(self) -> None:
        """Cancel all and wait until they have ended; nothing is started afterwards."""
        self._closed = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def finish(self) -> None:
        """Wait until all have ended by themselves."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        delay_seconds: float,
        again: bool,
    ) -> None:
        async def run() -> None:
            await asyncio.sleep(delay_seconds)
            await work()

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is None:
                return
            log.error("task_failed name=%s", name, exc_info=error)
            if again and not self._closed:
                self._begin(name, work, delay_seconds=RETRY_SECONDS, again=True)

        task = asyncio.create_task(run(), name=name)
        self._tasks.add(task)
        task.add_done_callback(ended)

"""Runs a watcher's ticks in a thread of their own, from the start of a service to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from podforecast.watcher.watcher import FleetWatcher

STOP_SECONDS = 5.0
"""A tick that reads takes its time; the thread is a daemon, so nothing waits for it longer."""
PAUSE_SECONDS = 0.005
"""Between scans of the past, which would otherwise hold up the answers of a service that starts."""


class WatcherThread:
    """Ticks at the watcher's interval; a tick that is late makes the next ones be left out."""

    def __init__(
        self, watcher: FleetWatcher, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._watcher = watcher
        self._clock = clock
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        """End the thread; return whether it has ended."""
        self._ending.set()
        self._thread.join(STOP_SECONDS)
        return not self._thread.is_alive()

    def _run(self) -> None:
        due = self._clock()
        try:
            self._tick_by_tick(due)
        finally:
            self._watcher.close()

    def _tick_by_tick(self, due: float) -> None:
        while not self._ending.wait(max(due - self._clock(), 0.0)):
            self._watcher.tick(lambda: self._ending.wait(PAUSE_SECONDS))
            due = next_due(due, self._clock(), self._watcher.wait.total_seconds())


def next_due(due: float, now: float, interval: float) -> float:
    """Return when the next tick is due: on the beat, or on the first beat that is still to come.

    >>> next_due(10.0, 10.2, 1.5), next_due(10.0, 15.0, 1.5)
    (11.5, 16.0)
    """
    missed = max(now - due, 0.0) // interval
    return due + (missed + 1.0) * interval

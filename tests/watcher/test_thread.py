"""The thread around a watcher: it ticks, it keeps the beat, and it ends."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from podforecast.watcher.thread import WatcherThread, next_due


class CountingWatcher:
    """A fake watcher that tells when it has ticked often enough."""

    wait = timedelta(milliseconds=1)

    def __init__(self, enough: int) -> None:
        self.ticks = 0
        self.enough = enough
        self.done = threading.Event()
        self.closed = False

    def close(self):
        self.closed = True

    def tick(self, stopped):
        self.ticks += 1
        if self.ticks == self.enough:
            self.done.set()


class BusyWatcher(CountingWatcher):
    """A fake watcher whose tick lasts until it is told to stop."""

    def tick(self, stopped):
        self.done.set()
        while not stopped():
            self.ticks += 1


def test_it_ticks_until_it_is_stopped():
    watcher = CountingWatcher(3)
    thread = WatcherThread(watcher)
    thread.start()
    assert watcher.done.wait(10.0)
    assert thread.stop()
    assert watcher.closed
    ticks = watcher.ticks
    assert ticks >= 3
    assert threading.active_count() == len(threading.enumerate())
    assert "fleet-watcher" not in {each.name for each in threading.enumerate()}


def test_a_long_tick_is_told_to_end():
    watcher = BusyWatcher(1)
    thread = WatcherThread(watcher)
    thread.start()
    assert watcher.done.wait(10.0)
    assert thread.stop()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(10.0, 11.5, id="at-once"),
        pytest.param(11.4, 11.5, id="just-in-time"),
        pytest.param(11.5, 13.0, id="one-is-left-out"),
        pytest.param(100.0, 101.5, id="many-are-left-out"),
        pytest.param(9.0, 11.5, id="early"),
    ],
)
def test_ticks_that_are_late_are_left_out(now, expected):
    assert next_due(10.0, now, 1.5) == expected

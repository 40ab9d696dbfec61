"""A thread that sends, so that a slow or dead receiver never delays a scan."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from threading import Condition, Thread

logger = logging.getLogger(__name__)

AFTER_A_FAULT = 15.0
"""Seconds until the next try, after an error that nobody foresaw."""

Work = Callable[[], float]
"""Sends something. Returns how many seconds to wait before it is called again: 0 while there is
more to do, infinity until it is woken. Never called by two threads at once."""


class SendingThread:
    """Calls ``work`` when woken, and when the time is over that it wanted to wait.

    The thread starts when it is first woken.
    """

    def __init__(self, name: str, work: Work) -> None:
        self._name = name
        self._work = work
        self._changed = Condition()
        self._woken = self._stopping = False
        self._thread: Thread | None = None

    def wake(self) -> None:
        """There is something new to send."""
        with self._changed:
            if self._stopping:
                return
            if self._thread is None:
                self._thread = Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._woken = True
            self._changed.notify()

    def stop(self) -> None:
        """Let it send what can be sent at once, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def ended(self, *, within: float) -> bool:
        """Wait for its end, these seconds at most; False where it has not come."""
        if self._thread is None:
            return True
        self._thread.join(within)
        return not self._thread.is_alive()

    def _run(self) -> None:
        wait = math.inf
        while self._next(wait):
            wait = self._worked()
        while self._worked() == 0.0:
            pass

    def _next(self, wait: float) -> bool:
        """Wait for the next call of ``work``; False at the end."""
        with self._changed:
            if not (self._woken or self._stopping):
                self._changed.wait(None if math.isinf(wait) else wait)
            self._woken = False
            return not self._stopping

    def _worked(self) -> float:
        try:
            return self._work()
        except Exception:
            # Outermost: whatever it is, the next attempt may do better.
            logger.exception("event=alert_sending_failed thread=%s", self._name)
            return AFTER_A_FAULT

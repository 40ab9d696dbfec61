"""How many batches are held and worked on at once, so that memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter

from podforecast.errors import PodforecastError

MOST_HELD = 4
"""Two wait while two are worked on, so that the work never pauses to read."""
MOST_WORKED_ON = 2
"""More would only wait for each other, and for the interpreter lock that answers need too."""


class Busy(PodforecastError):
    """As many batches are being worked on as memory allows. Trying again soon helps."""

    retry_after_seconds = 1


class BatchCapacity:
    """Counts the batches inside; of one event loop, so that counting needs no lock."""

    def __init__(self, most_held: int = MOST_HELD, most_worked_on: int = MOST_WORKED_ON) -> None:
        self.threads = CapacityLimiter(most_worked_on)
        self._most_held = most_held
        self._held = 0

    def require_room(self) -> None:
        """Refuse a batch that would find no place, before its body has cost anything.

        Raises
        ------
        Busy
            If all places are held.
        """
        if self._held >= self._most_held:
            raise Busy(
                f"{self._held} batches are being worked on, as many as there is room for",
                hint=f"Send it again in {Busy.retry_after_seconds} s, or one batch at a time.",
            )

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold one place, from when the body is read until the answer is written.

        Raises
        ------
        Busy
            If there is none.
        """
        self.require_room()
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

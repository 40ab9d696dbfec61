"""How many simulations wait and run, so that a demo never keeps a forecast waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter

from podforecast.serving.batch.capacity import Busy

MOST_HELD = 4
"""One runs and three wait: a thousand clusters take seconds."""


class SimulationRoom:
    """Counts the simulations inside; of one event loop, so that counting needs no lock."""

    def __init__(self, most_held: int = MOST_HELD) -> None:
        self.thread = CapacityLimiter(1)
        self._most_held = most_held
        self._held = 0

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold one place.

        Raises
        ------
        Busy
            If there is none.
        """
        if self._held >= self._most_held:
            raise Busy(
                f"{self._held} simulations run or wait, as many as there is room for",
                hint="Ask again in a few seconds, or for fewer clusters.",
            )
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

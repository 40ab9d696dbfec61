"""How much the service has taken on right now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Occupancy:
    """Counted by one event loop, hence without a lock.

    >>> occupancy = Occupancy()
    >>> occupancy.enter()
    >>> occupancy.body_bytes += 400
    >>> occupancy.leave(body_bytes=400)
    >>> occupancy
    Occupancy(in_flight=0, body_bytes=0)
    """

    in_flight: int = 0
    """Requests that have no complete answer yet, the one that asks included."""

    body_bytes: int = 0
    """Size of their bodies, as far as these were read."""

    def enter(self) -> None:
        self.in_flight += 1

    def leave(self, *, body_bytes: int) -> None:
        self.in_flight -= 1
        self.body_bytes -= body_bytes

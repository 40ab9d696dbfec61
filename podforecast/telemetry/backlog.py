"""Which samples of which signals are still to be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Want:
    """Samples in a row of signals that are asked for together."""

    signals: tuple[str, ...]
    first: int
    """Number on the grid."""
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


class Backlog:
    """Remembers what has been answered; the rest is wanted, newest first.

    >>> backlog = Backlog([("cpu", "memory"), ("restarts",)])
    >>> backlog.done(Want(("cpu", "memory"), 7, 7))
    >>> backlog.wants(oldest=5, newest=8, most=10)
    [Want(signals=('cpu', 'memory'), first=8, last=8), Want(signals=('restarts',), first=5, last=8)]
    >>> backlog.left(oldest=5, newest=8)
    4
    """

    def __init__(self, packs: Sequence[tuple[str, ...]]) -> None:
        self._done: dict[tuple[str, ...], set[int]] = {pack: set() for pack in packs}

    def wants(self, *, oldest: int, newest: int, most: int) -> list[Want]:
        """Return the newest samples in a row that each pack lacks, but no more than so many."""
        found = []
        for pack, done in self._done.items():
            last = next((n for n in range(newest, oldest - 1, -1) if n not in done), None)
            if last is not None:
                first = last
                while first > max(oldest, last - most + 1) and first - 1 not in done:
                    first -= 1
                found.append(Want(pack, first, last))
        return found

    def done(self, want: Want) -> None:
        """Note that samples have been answered, whatever the answer was."""
        self._done[want.signals].update(range(want.first, want.last + 1))

    def left(self, *, oldest: int, newest: int) -> int:
        """Samples that the pack with the most gaps lacks."""
        return max(newest - oldest + 1 - len(done) for done in self._done.values())

    def forget(self, oldest: int) -> None:
        """Drop what is about samples before the oldest."""
        for pack, done in self._done.items():
            self._done[pack] = {number for number in done if number >= oldest}

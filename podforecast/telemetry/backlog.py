"""Which samples of which signals are still to be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podforecast.telemetry.pace import Pace, pace_of


@dataclass(frozen=True, slots=True)
class Want:
    """Samples at even distances of signals that are asked for together."""

    pack: int
    """Number of the pack they belong to."""
    signals: tuple[str, ...]
    first: int
    """Number on the grid."""
    last: int
    every: int = 1
    """Steps of the grid from one to the next."""

    @property
    def samples(self) -> range:
        """Their numbers on the grid."""
        return range(self.first, self.last + 1, self.every)

    @property
    def span(self) -> int:
        """Samples of the grid from the first to the last, both included."""
        return self.last - self.first + 1

    def __len__(self) -> int:
        return len(self.samples)


class Backlog:
    """Remembers what has been answered; the rest is wanted, newest first.

    Parameters
    ----------
    packs
        Signals that are asked for together, and at the same pace.
    depths
        How many samples each signal is needed for; what is older is not wanted.

    Examples
    --------
    >>> backlog = Backlog([("cpu", "memory"), ("pods",)], {"cpu": 2, "memory": 4, "pods": 4})
    >>> for want in backlog.wants(newest=8, most=10): print(want)
    Want(pack=0, signals=('cpu', 'memory'), first=7, last=8, every=1)
    Want(pack=1, signals=('pods',), first=5, last=8, every=1)
    >>> backlog.done(Want(0, ("cpu", "memory"), 7, 8))
    >>> backlog.wants(newest=8, most=10)[0]
    Want(pack=0, signals=('memory',), first=5, last=6, every=1)
    >>> backlog.left(newest=8)
    4
    """

    def __init__(self, packs: Sequence[tuple[str, ...]], depths: Mapping[str, int]) -> None:
        self._packs = tuple(packs)
        self._paces: tuple[Pace, ...] = tuple(pace_of(pack[0]) for pack in packs)
        self._depths = depths
        self._done: tuple[set[int], ...] = tuple(set() for _ in packs)

    def wants(self, *, newest: int, most: int) -> list[Want]:
        """Return the newest samples in a row that each pack lacks, from no more than so many."""
        return [
            found
            for pack in range(len(self._packs))
            if (found := self._next(pack, newest, most)) is not None
        ]

    def done(self, want: Want) -> None:
        """Note that samples have been answered, whatever the answer was."""
        self._done[want.pack].update(want.samples)

    def left(self, *, newest: int) -> int:
        """Samples of the grid that the pack with the most gaps lacks."""
        return max(
            sum(n not in done for n in self._samples(pack, newest)) * self._paces[pack].every
            for pack, done in enumerate(self._done)
        )

    def forget(self, oldest: int) -> None:
        """Drop what is about samples before the oldest."""
        for done in self._done:
            done.difference_update([number for number in done if number < oldest])

    def _next(self, pack: int, newest: int, most: int) -> Want | None:
        done, every = self._done[pack], self._paces[pack].every
        there = self._samples(pack, newest)
        last = next((n for n in reversed(there) if n not in done), None)
        if last is None:
            return None
        signals = self._needed(pack, newest - last)
        oldest, first = max(there[0], last - most + 1), last
        while (
            (before := first - every) >= oldest
            and before not in done
            and self._needed(pack, newest - before) == signals
        ):
            first = before
        return Want(pack, signals, first, last, every)

    def _samples(self, pack: int, newest: int) -> range:
        """All that a pack is needed for."""
        return self._paces[pack].between(newest - self._depth(pack) + 1, newest)

    def _depth(self, pack: int) -> int:
        return max(self._depths[name] for name in self._packs[pack])

    def _needed(self, pack: int, back: int) -> tuple[str, ...]:
        return tuple(name for name in self._packs[pack] if self._depths[name] > back)

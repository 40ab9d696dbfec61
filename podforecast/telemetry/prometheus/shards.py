"""Which namespaces a watcher looks at, where several share a cluster."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from podforecast.errors import ConfigurationError

LONGEST_MATCHER = 4000
"""Characters of names in one query. It stands in a pack some twenty times."""

_SHARD = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of the namespaces, by a hash of their names.

    The hash is the same on every machine and in every version, so that watchers started anywhere
    agree; a namespace belongs to exactly one part.

    >>> [Shard(number, 4).has("shop") for number in (1, 2, 3, 4)]
    [False, False, True, False]
    """

    number: int
    """From 1 to ``count``."""
    count: int

    @classmethod
    def read(cls, text: str) -> Shard:
        """Read ``2/4``.

        Raises
        ------
        ConfigurationError
            If it is no such text, or there is no such part.
        """
        found = _SHARD.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise ConfigurationError(
                f"there is no shard {text!r}",
                hint="Write which part of how many, 1/4 to 4/4 for four watchers.",
            )
        return cls(int(found[1]), int(found[2]))

    @property
    def is_whole(self) -> bool:
        return self.count == 1

    def has(self, namespace: str) -> bool:
        digest = hashlib.blake2b(namespace.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


WHOLE = Shard(1, 1)


def in_groups(names: Iterable[str], *, most: int = LONGEST_MATCHER) -> Iterator[tuple[str, ...]]:
    """Split names into groups of so many characters altogether.

    >>> list(in_groups(["ops", "shop", "web"], most=9))
    [('ops', 'shop'), ('web',)]
    """
    group: list[str] = []
    length = 0
    for name in names:
        if group and length + len(name) + 1 > most:
            yield tuple(group)
            group, length = [], 0
        group.append(name)
        length += len(name) + 1
    if group:
        yield tuple(group)

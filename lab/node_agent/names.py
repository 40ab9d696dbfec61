"""Names as Kubernetes draws them."""

from __future__ import annotations

import random
import uuid
from collections import deque

LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: k8s.io/apimachinery/pkg/util/rand
LAST_HOST = 250


def suffix(rng: random.Random, length: int = 5) -> str:
    """Return a random ending for a pod's or ReplicaSet's name."""
    return "".join(rng.choices(LETTERS, k=length))


def uid(rng: random.Random) -> str:
    """Return a random version 4 UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


class Addresses:
    """Loopback addresses below a prefix of two bytes; the longest unused is given out first."""

    def __init__(self, prefix: str) -> None:
        self._free = deque(
            f"{prefix}.{third}.{fourth}"
            for third in range(1, 11)
            for fourth in range(1, LAST_HOST + 1)
        )

    def take(self) -> str:
        """Return an address."""
        return self._free.popleft()

    def give_back(self, address: str) -> None:
        """Return an address to the pool."""
        self._free.append(address)

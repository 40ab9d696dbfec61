"""Memory of a pod in bytes: what shares of a limit do not tell."""

from __future__ import annotations

from dataclasses import dataclass

MIB, GIB = 2**20, 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySize:
    """Of all containers of a pod together, above 0."""

    used_bytes: float
    limit_bytes: float


def quantity(size_bytes: float) -> str:
    """Write a size as Kubernetes does.

    >>> quantity(256 * MIB), quantity(2 * GIB), quantity(1.25 * GIB), quantity(500e6), quantity(1e6)
    ('256Mi', '2Gi', '1280Mi', '500M', '1M')
    """
    for unit, letters in ((GIB, "Gi"), (MIB, "Mi"), (10**6, "M")):
        if size_bytes >= unit and size_bytes % unit == 0:
            return f"{size_bytes / unit:.0f}{letters}"
    return f"{max(1, round(size_bytes / MIB))}Mi"

"""Numbers for pods, so that samples are sorted into arrays instead of into objects."""

from __future__ import annotations

from podforecast.domain.pods import PodRef


class PodTable:
    """Numbers pods in the order in which they are first named.

    >>> table = PodTable()
    >>> [table.number("shop", name) for name in ("cart-0", "pay-0", "cart-0")]
    [0, 1, 0]
    >>> len(table)
    2
    """

    def __init__(self, pods: tuple[PodRef, ...] = ()) -> None:
        self.pods = list(pods)
        self._number = {(pod.namespace, pod.name): number for number, pod in enumerate(pods)}

    def __len__(self) -> int:
        return len(self.pods)

    def find(self, namespace: str, name: str) -> int | None:
        """Return the number of a pod; None where it has none."""
        return self._number.get((namespace, name))

    def number(self, namespace: str, name: str) -> int:
        """Return the number of a pod, a new one where it has none."""
        key = (namespace, name)
        found = self._number.get(key)
        if found is None:
            found = self._number[key] = len(self.pods)
            self.pods.append(PodRef(namespace, name))
        return found

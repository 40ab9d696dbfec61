"""Names of things. They are keys, never features."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class PodRef:
    """Which pod. Sorts by namespace, then name, as ``kubectl get pods -A`` does.

    >>> str(PodRef("shop", "cart-7d9f-x2x"))
    'shop/cart-7d9f-x2x'
    """

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class PodStatus(StrEnum):
    """The seven statuses, in the order of their codes 0 to 6 (a higher code is more severe)."""

    RUNNING = "Running"
    PENDING = "Pending"
    CONTAINER_CREATING = "ContainerCreating"
    ERROR = "Error"
    CRASH_LOOP_BACK_OFF = "CrashLoopBackOff"
    UNKNOWN = "Unknown"
    NOT_FOUND = "NotFound"

    @property
    def code(self) -> int:
        """Number of the status in the ``status_code`` signal.

        >>> PodStatus.CRASH_LOOP_BACK_OFF.code
        4
        """
        return list(PodStatus).index(self)


class FailureCause(StrEnum):
    """How a failure showed itself."""

    OOM = "oom"
    LIVENESS = "liveness"
    EXIT = "exit"
    EVICTION = "eviction"

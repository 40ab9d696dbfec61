"""What really happened to pods: the ground truth that forecasts are held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from podforecast.domain.pods import FailureCause, PodRef

REPEAT_WITHIN = timedelta(minutes=10)
"""A failure this soon after the pod's previous one is a repeat: the kubelet's back-off reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The onset of one failure."""

    pod: PodRef
    at: float
    """Unix seconds."""
    cause: FailureCause
    first: bool
    """False for a repeat, see ``REPEAT_WITHIN``."""
    fault_kind: str = ""
    """What was injected, where that is known; empty for a user's cluster."""
    fault_started_at: float | None = None
    """When the injected fault really began, Unix seconds."""
    precursor: bool = False
    """True where the fault grows gradually and began at least a minute before the failure."""

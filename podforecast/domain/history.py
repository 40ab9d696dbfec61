"""What is kept of scans, and what came of their forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import Array


class Outcome(IntEnum):
    """What came of one forecast once its horizon had passed."""

    NOTHING = 0
    FAILED = 1
    NOT_JUDGED = 2
    """No probability was given, the pod had just failed, or nobody knows what happened."""


Outcomes: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecord:
    """One scan as it is kept. Arrays have one entry per pod."""

    at: float
    """Unix seconds of the newest sample: the forecasts were issued then."""
    model_version: str
    threshold: float
    horizon_seconds: float
    pods: tuple[PodRef, ...]
    workloads: tuple[str, ...]
    probability: Array
    """NaN where none was given, (n_pods,)."""
    at_risk: Mask
    failing: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedFailure:
    """A failure, and how long before it the pod was first found at risk."""

    failure: Failure
    announced_minutes: float | None
    """Within the horizon; None where it came without a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A moment at which an operator heard of a pod, see :mod:`podforecast.model.alarms`."""

    pod: PodRef
    at: float
    """Unix seconds."""
    failed: bool
    """A failure of the pod began within the horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedScan:
    """What came of the forecasts of one scan."""

    at: float
    outcomes: Outcomes
    """One :class:`Outcome` per pod of the scan, in its order."""
    notifications: tuple[Notification, ...] = ()
    """Of this scan."""
    failures: tuple[AnnouncedFailure, ...] = ()
    """Not told before, in order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What graded forecasts of one model add up to; the bins are those of ``BIN_EDGES``."""

    since: float | None
    """Unix seconds of the first graded scan; None without any."""
    until: float | None
    forecasts: npt.NDArray[np.int64]
    """Judged forecasts per bin, (n_bins,)."""
    probability: Array
    """Sum of their probabilities, (n_bins,)."""
    failed: npt.NDArray[np.int64]
    """How many of them were followed by a failure, (n_bins,)."""
    squared_error: float
    """Sum over all judged forecasts."""
    pod_hours: float
    """Time that judged forecasts cover."""
    notifications: int
    false_alarms: int
    failures: int
    """Of pods that could be scored before, repeats included."""
    announced: int
    lead_minutes: Array
    """Of each announced failure, (announced,)."""


BIN_EDGES: Array = np.array([0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
"""Finer near 0, where nearly all forecasts are. A probability of 1 is in the last bin."""

NOTHING_GRADED = Track(
    since=None,
    until=None,
    forecasts=np.zeros(len(BIN_EDGES) - 1, dtype=np.int64),
    probability=np.zeros(len(BIN_EDGES) - 1),
    failed=np.zeros(len(BIN_EDGES) - 1, dtype=np.int64),
    squared_error=0.0,
    pod_hours=0.0,
    notifications=0,
    false_alarms=0,
    failures=0,
    announced=0,
    lead_minutes=np.zeros(0),
)
"""The track of a model before its first horizon has passed."""

"""What people on call are told: which workload is at risk, since when, why, what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from podforecast.domain.forecast import CRITICAL_FROM
from podforecast.domain.issues import IssueType
from podforecast.domain.pods import PodRef, PodStatus

WorkloadKey: TypeAlias = tuple[str, str]
"""Namespace and name."""


class Cause(StrEnum):
    """What a forecast rests on, in words that alerts are routed by: few, and never renamed."""

    MEMORY = "memory"
    CPU = "cpu"
    LATENCY = "latency"
    ERRORS = "errors"
    PROBES = "probes"
    FILE_DESCRIPTORS = "file_descriptors"
    RESTARTS = "restarts"
    WORKLOAD = "workload"
    REVISION = "revision"
    NODE = "node"
    NETWORK = "network"
    DISK = "disk"
    UNKNOWN = "unknown"
    """No single measurement leads, or the pod is none of those that were explained."""
    MANY = "many"
    """Of the one alert that counts what the rate limit holds back."""


class Severity(StrEnum):
    """As Alertmanager routes are usually written."""

    WARNING = "warning"
    CRITICAL = "critical"


def severity_of(probability: float) -> Severity:
    """Critical where the risk level is, a warning below.

    >>> severity_of(0.74), severity_of(0.75)
    (<Severity.WARNING: 'warning'>, <Severity.CRITICAL: 'critical'>)
    """
    return Severity.CRITICAL if probability >= CRITICAL_FROM else Severity.WARNING


class AlertOutcome(StrEnum):
    """Why an alert has ended."""

    FAILED = "failed"
    """A pod of it failed, as announced."""
    CALMED = "calmed"
    """The risk went down."""
    VANISHED = "vanished"
    """The pods are gone: replaced, scaled down, deleted."""
    LOST_SIGHT = "lost_sight"
    """Too little was measured for too long."""
    MUTED = "muted"
    """The owner asked for silence."""


class ChangeKind(StrEnum):
    """What has happened to an alert."""

    RAISED = "raised"
    JOINED = "joined"
    """More pods of the workload are at risk."""
    WORSENED = "worsened"
    """A warning has become critical."""
    FAILED = "failed"
    """A pod has failed, as announced."""
    RESOLVED = "resolved"
    MUTED = "muted"
    """Would have been raised, but for the pod's annotation."""
    LIMITED = "limited"
    """Would have been raised, but for the rate limit: counted in one alert instead."""

    @property
    def is_told(self) -> bool:
        """Whether anybody but the metrics hears of it."""
        return self not in {ChangeKind.MUTED, ChangeKind.LIMITED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What one pod's forecast rests on, and what to do about it."""

    cause: Cause
    issue_type: IssueType = IssueType.NONE
    """Kind of trouble that is ahead; none where the model does not say."""
    issue_confidence: float | None = None
    pod_status: PodStatus | None = None
    """To expect at the horizon; None where the model does not say."""
    reasons: tuple[str, ...] = ()
    """Sentences with numbers, weightiest first."""
    advice: str = ""
    """One sentence."""
    actions: tuple[str, ...] = ()
    """Commands and steps, the first one first."""


NOT_EXPLAINED = Why(cause=Cause.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One pod in one scan."""

    pod: PodRef
    workload: str
    """Its name, without the namespace."""
    probability: float | None
    """None where there is too little data, or the pod is failing."""
    failing: bool = False
    muted: bool = False
    failed_at: float | None = None
    """Onset of its latest failure, Unix seconds."""
    why: Why | None = None
    """None where the pod was not explained."""


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """Which alert: stays the same from the first to the last word about it."""

    cluster: str
    namespace: str
    workload: str
    """Its name; of the alert that counts others, the watcher's shard."""
    cause: Cause
    """The leading one when the alert began. It stays, whatever leads later."""

    @property
    def owner(self) -> WorkloadKey:
        return self.namespace, self.workload


@dataclass(frozen=True, slots=True, kw_only=True)
class PodAtRisk:
    """A pod of an alert."""

    pod: PodRef
    probability: float | None
    """The latest that is known."""
    failed_at: float | None = None
    """Since it was announced, Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One workload at risk."""

    fingerprint: Fingerprint
    started_at: float
    """Unix seconds."""
    severity: Severity
    """The highest so far: it never goes down while the alert lasts."""
    probability: float
    """Of the riskiest pod now, or when last known."""
    peak: float
    """Highest so far."""
    pods: tuple[PodAtRisk, ...]
    """Riskiest first. Those of the alert that counts others are a selection."""
    pod_count: int
    workload_count: int = 1
    why: Why = NOT_EXPLAINED
    issue_type: IssueType = IssueType.NONE
    """The one when the alert began. It stays, whatever is likelier later; none if unknown."""
    failed: tuple[PodAtRisk, ...] = ()
    """Pods that failed since they were announced, those that are calm again included."""
    told: bool = True
    """False where the rate limit holds it back."""
    revision: int = 0
    """Grows with every change that is told."""
    ended_at: float | None = None
    outcome: AlertOutcome | None = None

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits: another one for every time the same workload is at risk."""
        print_ = self.fingerprint
        parts = (print_.cluster, print_.namespace, print_.workload, print_.cause)
        text = "\0".join((*parts, f"{self.started_at:.3f}"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened to an alert, and the alert as it is afterwards."""

    kind: ChangeKind
    alert: Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What channels are told after each scan."""

    at: float
    """Of the scan, Unix seconds."""
    alerts: tuple[Alert, ...]
    """All that last and are told."""
    changes: tuple[Change, ...]
    """Since the scan before; only those that are told."""
    model_version: str
    horizon: timedelta

"""GET /pods and GET /pods/{namespace}/{pod}: the latest scan of all pods, and one pod's story."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from podforecast.api_schema.answer import Answer
from podforecast.api_schema.explanation import ExplanationOut, RecommendationOut
from podforecast.api_schema.targets import ISSUE_NOTE, STATUS_NOTE, IssueTypeOut, PodStatusOut
from podforecast.domain.forecast import RiskLevel
from podforecast.domain.issues import IssueType

PodState = Literal["at_risk", "failing", "insufficient_data", "stable"]


class SourceOut(Answer):
    """Where the scan comes from and how old it is."""

    kind: Literal["replay", "prometheus"]
    name: str = Field(description="The recording that is replayed, or the address of Prometheus.")
    state: Literal["starting", "live", "stale", "failed"] = Field(
        description="stale: the last scan is older than two intervals; failed: there is none."
    )
    detail: str = Field(description="What state means here, in a sentence.")
    troubles: tuple[str, ...] = Field(
        description="What is done with scans and fails, such as keeping them; scans go on."
    )
    scanned_at: datetime | None = Field(
        description="Time of the scan's newest sample; of the recording, where one is replayed."
    )
    age_seconds: float | None = Field(description="Since the scan was made, by the wall clock.")
    interval_seconds: float = Field(description="A new scan is due this often, by the wall clock.")
    speed: float | None = Field(description="Times faster than real time; null where it is live.")


class LastFailureOut(Answer):
    """The latest failure of a pod before the scan."""

    at: datetime
    cause: str = Field(examples=["oom"])


class PodOut(Answer):
    """One pod as it is in the latest scan."""

    namespace: str
    name: str
    workload: str = Field(description="namespace/name of its owner.")
    state: PodState
    failure_probability: float | None = Field(
        description="null for a pod that is failing already, or has too little data."
    )
    risk_level: RiskLevel | None
    coverage: float = Field(description="Share of the window's CPU and memory samples, 0 to 1.")
    borrowed: bool = Field(
        description="Too young for a past of its own: what is usual for it was taken from the other"
        " pods of its workload."
    )
    trend: tuple[float | None, ...] = Field(
        description="Probabilities of the latest scans, oldest first, the present one last."
    )
    cpu_usage_pct: float | None
    memory_usage_pct: float | None
    restart_count_24h: float | None
    issue_type: IssueType | None = Field(description=ISSUE_NOTE)
    last_failure: LastFailureOut | None


class StateCounts(Answer):
    """How many pods are in each state, filters aside."""

    at_risk: int
    failing: int
    insufficient_data: int
    stable: int


class FleetOut(Answer):
    """The latest scan: riskiest first, failing pods before all, then those without data last."""

    source: SourceOut
    model_version: str
    threshold: float
    horizon_minutes: float
    counts: StateCounts
    namespaces: tuple[str, ...] = Field(description="All there are, for a filter.")
    total: int = Field(description="Pods that the filters let through.")
    offset: int
    limit: int
    pods: tuple[PodOut, ...]


class SeriesOut(Answer):
    """One signal of the pod on the timeline."""

    name: str
    label: str
    unit: str
    values: tuple[float | None, ...] = Field(description="One per time; null where unknown.")
    limit: float | None = Field(description="A line worth drawing, such as 100 % of a limit.")


class TimelineOut(Answer):
    """Forecasts and signals on one time axis, oldest first."""

    times: tuple[datetime, ...]
    failure_probability: tuple[float | None, ...]
    failing: tuple[bool, ...]
    series: tuple[SeriesOut, ...]


class EventOut(Answer):
    """Something that really happened to the pod."""

    at: datetime
    kind: Literal["failure"]
    cause: str
    announced_minutes: float | None = Field(
        description="How long before it the pod was first at risk, within the horizon; null if not."
    )


class AlarmOut(Answer):
    """A stretch of time during which the pod was at risk, and what came of it."""

    began_at: datetime
    ended_at: datetime | None = Field(description="null while it lasts.")
    outcome: Literal["failed", "nothing_happened", "open"] = Field(
        description="open until the horizon after its last forecast has passed."
    )


class PodDetailOut(Answer):
    """One pod: how it came here, what was forecast, what happened, why, and what to do."""

    source: SourceOut
    model_version: str
    threshold: float
    horizon_minutes: float
    pod: PodOut
    timeline: TimelineOut
    events: tuple[EventOut, ...]
    alarms: tuple[AlarmOut, ...]
    issue_type: IssueTypeOut | None = Field(description=ISSUE_NOTE)
    pod_status: PodStatusOut | None = Field(description=STATUS_NOTE)
    explanation: ExplanationOut | None = Field(description="null where there is no probability.")
    recommendations: tuple[RecommendationOut, ...]

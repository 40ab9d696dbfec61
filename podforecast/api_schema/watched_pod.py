"""POST /predict by name: a pod as the latest scan saw it, instead of as its client did."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from podforecast.api_schema.answer import Answer
from podforecast.api_schema.explanation import ExplanationOut, RecommendationOut
from podforecast.api_schema.fleet import AlarmOut, EventOut
from podforecast.api_schema.targets import ISSUE_NOTE, STATUS_NOTE, IssueTypeOut, PodStatusOut
from podforecast.domain.forecast import Prediction, RiskLevel

LONGEST_NAME = 253
"""Kubernetes allows no longer name."""
Name = Annotated[str, Field(strict=True, min_length=1, max_length=LONGEST_NAME)]


class PodNamed(BaseModel):
    """Which pod of the latest scan to forecast."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"pod_name": "my-pod", "namespace": "default"}},
    )

    pod_name: Name
    namespace: Name


class MeasuredOut(Answer):
    """One feature as the latest scan measured it."""

    value: float | str | None = Field(description="null where it is not known.")
    unit: str


class MetricsFetchedOut(Answer):
    """What the forecast was made from."""

    measured_at: datetime = Field(description="Time of the newest sample; the horizon begins here.")
    age_seconds: float = Field(description="Since the scan was made, by the wall clock.")
    coverage: float = Field(description="Share of the window's CPU and memory samples, 0 to 1.")
    features: dict[str, MeasuredOut] = Field(description="All of the catalogue, by name.")


class PodActivityOut(Answer):
    """What happened to the pod lately. null where it is not known."""

    workload: str = Field(description="namespace/name of its owner.")
    watched_since: datetime = Field(description="First of the scans that are kept, of an hour.")
    revision_age_hours: float | None = Field(description="Since its workload was last changed.")
    restart_count_24h: float | None
    restarts_1h: float | None
    minutes_since_restart: float | None
    last_termination_reason: str | None
    failures: tuple[EventOut, ...] = Field(description="Oldest first.")
    alarms: tuple[AlarmOut, ...] = Field(description="Oldest first.")


class WatchedPodResponse(Answer):
    """A pod's forecast as of the latest scan.

    A pod that is failing already has `state` `failing` and no probability: there is nothing left
    to forecast, and what happened is in `pod_activity`.
    """

    input: PodNamed
    state: Literal["at_risk", "failing", "stable"]
    failure_probability: float | None = Field(ge=0, le=1, description="null where it is failing.")
    prediction: Prediction | None
    risk_level: RiskLevel | None
    threshold: float = Field(ge=0, le=1, description="Follows from the alert budget.")
    horizon_minutes: float = Field(examples=[5])
    model_version: str
    metrics_fetched: MetricsFetchedOut
    pod_activity: PodActivityOut


class ExplainedWatchedPodResponse(WatchedPodResponse):
    """The same with its reasons, and what to do about it."""

    issue_type: IssueTypeOut | None = Field(description=ISSUE_NOTE)
    pod_status: PodStatusOut | None = Field(description=STATUS_NOTE)
    explanation: ExplanationOut | None = Field(description="null where there is no probability.")
    recommendations: tuple[RecommendationOut, ...]

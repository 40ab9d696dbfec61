"""GET /model: what is known about the model that answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from podforecast.api_schema.answer import Answer
from podforecast.api_schema.live import LiveOut


class CandidateOut(Answer):
    """How one kind of model did in cross-validation; intervals are 95 %, by bootstrap over pods."""

    name: str
    roc_auc: float
    roc_auc_low: float
    roc_auc_high: float
    roc_auc_required_only: float = Field(description="With every optional feature unknown.")
    average_precision: float
    brier: float
    note: str | None = Field(description="Why it could not be kept; null where it could.")


class OperatingPointOut(Answer):
    """What an alert budget buys."""

    per_1000_pods_per_day: float = Field(description="False alarms accepted.")
    threshold: float
    recall: float | None = Field(description="Share of failures caught; null if there were none.")
    lead_minutes_median: float | None
    resolvable: bool = Field(description="False where the data is too little for this budget.")


class TrainingDataOut(Answer):
    """What the model learned from."""

    fingerprint: str
    campaigns: tuple[str, ...]
    rows: int
    pods: int
    workloads: int
    pod_hours: float
    failures: int
    prevalence: float = Field(description="Share of rows with a failure within the horizon.")


class TrainedModelOut(Answer):
    """A model: where it comes from, and how good it was in training."""

    model_version: str
    target: str
    algorithm: str
    trained_at: datetime
    horizon_minutes: float
    threshold: float = Field(description="At risk from here on.")
    budget_per_1000_pods_per_day: float = Field(description="What the threshold was chosen for.")
    beats_chance: bool
    catalogue: str = Field(description="Fingerprint of the features it was trained on.")
    libraries: dict[str, str]
    data: TrainingDataOut
    candidates: tuple[CandidateOut, ...] = Field(
        description="The one that was kept first; those that could not be kept last."
    )
    operating_points: tuple[OperatingPointOut, ...]


class ModelOut(TrainedModelOut):
    """The model that answers, and how its forecasts have turned out."""

    live: LiveOut | None = Field(
        description="Since it was deployed; null where nothing is watched, hence nothing graded."
    )


class ReloadOut(Answer):
    """The models before and after; the same where the folder has not changed."""

    model_version: str
    previous_model_version: str | None = Field(description="null where no model answered.")
    path: Literal["fast", "pipeline"] = Field(
        description="fast, or the saved pipeline itself where the fast one could not be trusted."
    )

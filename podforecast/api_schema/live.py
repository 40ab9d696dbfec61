"""How forecasts turned out since the model was deployed: a part of GET /model."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from podforecast.api_schema.answer import Answer


class ShareOut(Answer):
    """A share with its 95 % interval (Wilson's score interval)."""

    value: float
    low: float
    high: float


class CalibrationBinOut(Answer):
    """Forecasts of about the same probability."""

    forecast: float = Field(description="Mean of their probabilities.")
    observed: float = Field(description="Share that a failure followed.")
    forecasts: int


class LiveOut(Answer):
    """Forecasts of this model held against what happened; figures are null where unknown."""

    since: datetime | None = Field(description="First graded scan; null while there is none.")
    until: datetime | None = Field(description="Last graded scan.")
    forecasts: int = Field(description="One pod at one time, of which it is known what came.")
    pod_hours: float = Field(description="Time that these forecasts cover.")
    notifications: int = Field(
        description="A pod was at risk, and had not been notified of within the horizon before."
    )
    false_alarms: int = Field(description="Of these, not followed by a failure in the horizon.")
    precision: ShareOut | None = Field(description="Of the notifications, those that were right.")
    failures: int = Field(description="Of pods that were scored in the horizon before.")
    announced: int = Field(description="Of these, found at risk in the horizon before.")
    recall: ShareOut | None = Field(description="Of the failures, those that were announced.")
    lead_minutes_median: float | None
    lead_minutes_p10: float | None = Field(description="One in ten was announced later than this.")
    false_alarms_per_100_pod_hours: float | None
    false_alarms_per_1000_pods_per_day: float | None
    prevalence: float | None = Field(description="Share of forecasts that a failure followed.")
    calibration_error: float | None = Field(
        description="Mean distance of forecast and observed share over the bins, in [0, 1]."
    )
    brier: float | None = Field(description="Mean squared distance of forecast and outcome.")
    calibration: tuple[CalibrationBinOut, ...] = Field(description="By rising probability.")
    ungraded_scans: int = Field(description="Scans whose horizon has not passed yet.")
    trouble: str | None = Field(
        description="Why scans can not be kept or graded now; the figures are of before."
    )

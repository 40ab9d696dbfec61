"""What the product says about one pod."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from podforecast.domain.pods import PodRef


class Prediction(StrEnum):
    """The probability against the operating threshold."""

    AT_RISK = "at_risk"
    STABLE = "stable"


class RiskLevel(StrEnum):
    """What a probability means to somebody on call."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


CRITICAL_FROM = 0.75
"""From here a failure is three times as likely as none, whatever the alert budget."""


def predict(probability: float, threshold: float) -> Prediction:
    """At risk from the threshold on.

    >>> predict(0.3, 0.3)
    <Prediction.AT_RISK: 'at_risk'>
    """
    return Prediction.AT_RISK if probability >= threshold else Prediction.STABLE


def risk_level(probability: float, threshold: float) -> RiskLevel:
    """Medium from half the threshold, high from the threshold, critical from 0.75 as well.

    >>> [str(risk_level(p, 0.4)) for p in (0.1, 0.2, 0.4, 0.8)]
    ['low', 'medium', 'high', 'critical']
    """
    if probability >= max(CRITICAL_FROM, threshold):
        return RiskLevel.CRITICAL
    if probability >= threshold:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if probability >= threshold / 2 else RiskLevel.LOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The probability that a failure of one pod begins between ``issued_at`` and the horizon."""

    pod: PodRef
    probability: float | None
    """Calibrated, in [0, 1]; None where there is too little data, or the pod is failing already."""
    failing: bool
    """The pod is down or backing off now: shown, not scored."""
    coverage: float
    """Share of the window's core samples that were scraped, in [0, 1]."""
    issued_at: datetime
    """Aware, UTC."""
    horizon: timedelta
    model_version: str

    def __post_init__(self) -> None:
        if self.probability is not None and not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"probability must be within [0, 1], got {self.probability!r}")
        if self.issued_at.tzinfo is None:
            raise ValueError(f"issued_at must be timezone-aware, got {self.issued_at!r}")

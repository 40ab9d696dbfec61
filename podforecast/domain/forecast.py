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


HIGH_FROM = 0.5
"""From here a failure is likelier than none."""
CRITICAL_FROM = 0.75
"""From here it is three times as likely as none."""


def predict(probability: float, threshold: float) -> Prediction:
    """At risk from the threshold on.

    >>> predict(0.3, 0.3)
    <Prediction.AT_RISK: 'at_risk'>
    """
    return Prediction.AT_RISK if probability >= threshold else Prediction.STABLE


def risk_level(probability: float, threshold: float) -> RiskLevel:
    """High from the threshold or 0.5, whichever is lower; medium from half of that.

    Critical is from 0.75 on. The threshold follows from how many false alarms somebody accepts,
    and may be far up: that is a reason to let people sleep, none to call a failure that is
    likelier than not a medium risk. At risk is always at least high.

    >>> [str(risk_level(p, 0.3)) for p in (0.1, 0.15, 0.3, 0.75)]
    ['low', 'medium', 'high', 'critical']
    >>> [str(risk_level(p, 0.9)) for p in (0.1, 0.25, 0.5, 0.75)]
    ['low', 'medium', 'high', 'critical']
    """
    if probability >= CRITICAL_FROM:
        return RiskLevel.CRITICAL
    high = min(threshold, HIGH_FROM)
    if probability >= high:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if probability >= high / 2 else RiskLevel.LOW


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

"""What the product says about one pod."""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from podforecast.domain.telemetry import Array

Indices: TypeAlias = npt.NDArray[np.int8]


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


MEDIUM_FROM = 0.1
"""From here one in ten begins to fail within minutes: nothing to call a low risk."""
HIGH_FROM = 0.5
"""From here a failure is likelier than none."""
CRITICAL_FROM = 0.75
"""From here it is three times as likely as none."""


PREDICTIONS = (Prediction.STABLE, Prediction.AT_RISK)
RISK_LEVELS = tuple(RiskLevel)
"""Upwards."""


def predict(probability: float, threshold: float) -> Prediction:
    """At risk from the threshold on.

    >>> predict(0.3, 0.3)
    <Prediction.AT_RISK: 'at_risk'>
    """
    return PREDICTIONS[bool(probability >= threshold)]


def risk_level(probability: float, threshold: float) -> RiskLevel:
    """High from the threshold or 0.5, medium from half of that or 0.1, the lower of each two.

    Critical is from 0.75 on. The threshold follows from how many false alarms somebody accepts,
    and may be far up: that is a reason to let people sleep, none to call a failure that is
    likelier than not a medium risk. At risk is always at least high.

    >>> [str(risk_level(p, 0.1)) for p in (0.04, 0.05, 0.1, 0.75)]
    ['low', 'medium', 'high', 'critical']
    >>> [str(risk_level(p, 0.9)) for p in (0.09, 0.1, 0.5, 0.75)]
    ['low', 'medium', 'high', 'critical']
    """
    return RISK_LEVELS[bisect_right(_risk_steps(threshold), probability)]


def _risk_steps(threshold: float) -> tuple[float, float, float]:
    """Where medium, high and critical begin."""
    high = min(threshold, HIGH_FROM)
    return min(high / 2, MEDIUM_FROM), high, CRITICAL_FROM


def prediction_indices(probabilities: Array, threshold: float) -> Indices:
    """Place of each prediction in ``PREDICTIONS``; :func:`predict` for many.

    >>> prediction_indices(np.array([0.1, 0.3]), 0.3)
    array([0, 1], dtype=int8)
    """
    return (probabilities >= threshold).astype(np.int8)


def risk_level_indices(probabilities: Array, threshold: float) -> Indices:
    """Place of each risk level in ``RISK_LEVELS``; :func:`risk_level` for many.

    >>> risk_level_indices(np.array([0.09, 0.1, 0.3, 0.75]), 0.3)
    array([0, 1, 2, 3], dtype=int8)
    """
    return np.searchsorted(_risk_steps(threshold), probabilities, side="right").astype(np.int8)

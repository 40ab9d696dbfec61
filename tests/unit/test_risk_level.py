"""What a probability is called, whatever false alarms are allowed."""

from __future__ import annotations

import pytest

from podforecast.domain.forecast import Prediction, RiskLevel, predict, risk_level

THRESHOLDS = (0.02, 0.3, 0.5, 0.73, 0.9, 1.0)
PROBABILITIES = [n / 1000 for n in range(1001)]
SEVERITY = list(RiskLevel)


@pytest.mark.parametrize(
    ("probability", "threshold", "level"),
    [
        pytest.param(0.7, 0.73, "high", id="likelier-than-not-below-a-high-threshold"),
        pytest.param(0.49, 0.73, "medium", id="just-less-likely-than-not"),
        pytest.param(0.1, 0.73, "medium", id="one-in-ten"),
        pytest.param(0.09, 0.73, "low", id="seldom"),
        pytest.param(0.8, 0.9, "critical", id="three-to-one-below-any-threshold"),
        pytest.param(0.3, 0.3, "high", id="on-a-low-threshold"),
        pytest.param(0.74, 0.3, "high", id="not-yet-three-to-one"),
        pytest.param(0.02, 0.04, "medium", id="half-a-very-low-threshold"),
        pytest.param(0.0, 0.0, "high", id="everything-is-at-risk"),
    ],
)
def test_the_level_follows_odds_and_threshold(probability, threshold, level):
    assert risk_level(probability, threshold) == level


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_at_risk_is_at_least_high(threshold):
    levels = {
        risk_level(p, threshold)
        for p in PROBABILITIES
        if predict(p, threshold) is Prediction.AT_RISK
    }
    assert levels <= {RiskLevel.HIGH, RiskLevel.CRITICAL}


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_a_higher_probability_is_never_called_less(threshold):
    levels = [SEVERITY.index(risk_level(p, threshold)) for p in PROBABILITIES]
    assert levels == sorted(levels)

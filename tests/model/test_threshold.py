"""The alert budget is kept, and used up."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.errors import ConfigurationError
from podforecast.model import threshold
from podforecast.model.threshold import AlertBudget


@pytest.mark.parametrize("count", [0.0, -1.0, float("inf"), float("nan")])
def test_a_budget_that_is_not_positive_is_refused(count):
    with pytest.raises(ConfigurationError, match="leaves no threshold") as caught:
        AlertBudget(count)
    assert "positive" in caught.value.hint


def test_the_two_units_say_the_same():
    assert AlertBudget(5.0) == AlertBudget.from_per_1000_pods_per_day(1200)
    assert AlertBudget(5.0).allowed(pod_hours=200) == pytest.approx(10)


@pytest.fixture(scope="module")
def score(dataset):
    """Knows a little, and has ties."""
    rng = np.random.default_rng(2)
    return np.round(0.6 * dataset.y * rng.random(len(dataset)) + rng.random(len(dataset)), 3)


@pytest.mark.parametrize("per_100_pod_hours", [3.0, 20.0, 200.0])
def test_the_budget_is_kept_and_the_next_lower_score_would_break_it(
    dataset, score, per_100_pod_hours
):
    point = threshold.choose(dataset, score, AlertBudget(per_100_pod_hours))
    assert point.false_alarms <= point.allowed
    next_lower = score[score < point.threshold].max()
    assert threshold.false_alarms(dataset, score, next_lower) > point.allowed


def test_the_threshold_lies_between_two_scores(dataset, score):
    point = threshold.choose(dataset, score, AlertBudget(20.0))
    assert point.threshold not in score


def test_a_larger_budget_never_raises_the_threshold(dataset, score):
    thresholds = [
        threshold.choose(dataset, score, AlertBudget(budget)).threshold
        for budget in (1.0, 5.0, 20.0, 80.0)
    ]
    assert thresholds == sorted(thresholds, reverse=True)


def test_a_budget_that_even_the_riskiest_row_breaks_leaves_no_alarm(dataset):
    point = threshold.choose(dataset, 1.0 - dataset.y, AlertBudget(1e-6))
    assert (point.false_alarms, point.recall) == (0, 0.0)
    assert point.threshold > 1.0


def test_a_budget_nobody_can_use_up_puts_the_threshold_at_the_bottom(dataset, score):
    point = threshold.choose(dataset, score, AlertBudget(1e9))
    assert point.threshold == score.min()
    assert point.recall == 1.0


def test_too_few_rows_to_resolve_a_budget_are_admitted(dataset, score):
    assert not threshold.choose(dataset, score, AlertBudget(1.0)).resolvable
    assert threshold.choose(dataset, score, AlertBudget(50.0)).resolvable

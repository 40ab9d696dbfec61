"""What people run today, as scores."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.evaluation.baselines import BASELINES, static_rules

BY_NAME = {baseline.name: baseline for baseline in BASELINES}


def row(**known):
    """One row in which only these features are known."""
    x = np.full((1, len(CATALOGUE)), np.nan)
    for name, value in known.items():
        x[0, feature_index(name)] = value
    return x


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda b: b.name)
def test_unknown_features_score_zero_and_never_nan(baseline):
    assert baseline.score(row()).tolist() == [0.0]


@pytest.mark.parametrize(
    ("name", "known", "fires"),
    [
        pytest.param("memory_rule", {"memory_usage_pct": 90.1}, True, id="memory-above"),
        pytest.param("memory_rule", {"memory_usage_pct": 89.9}, False, id="memory-below"),
        pytest.param("throttling_rule", {"cpu_throttled_pct": 26.0}, True, id="throttled"),
        pytest.param("throttling_rule", {"cpu_throttled_pct": 24.0}, False, id="hardly-throttled"),
        pytest.param("restart_rule", {"restarts_1h": 1, "minutes_since_restart": 14}, True,
                     id="restarted-lately"),
        pytest.param("restart_rule", {"restarts_1h": 1, "minutes_since_restart": 16}, False,
                     id="restarted-before"),
        pytest.param("restart_rule", {"restarts_1h": 0, "minutes_since_restart": 3}, False,
                     id="young-but-never-restarted"),
        pytest.param("memory_extrapolated", {"memory_minutes_to_limit": 4.9}, True, id="soon-full"),
        pytest.param("memory_extrapolated", {"memory_minutes_to_limit": 120}, False, id="far"),
    ],
)  # fmt: skip
def test_a_rule_fires_from_its_usual_threshold_on(name, known, fires):
    baseline = BY_NAME[name]
    assert bool(baseline.score(row(**known))[0] >= baseline.usual) is fires


def test_the_three_rules_together_are_as_loud_as_the_loudest():
    x = row(memory_usage_pct=45.0, cpu_throttled_pct=62.5)
    assert static_rules(x).tolist() == [1.5]

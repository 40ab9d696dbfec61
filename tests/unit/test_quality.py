"""Figures of a track: nothing is known of nothing, and the rest adds up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podforecast.domain.history import BIN_EDGES, NOTHING_GRADED
from podforecast.domain.quality import quality_of, share


def track(**changes):
    """Ten hours of a pod: 90 forecasts of 0.1, of which 6 failed, and 10 of 0.6, of which 8 did."""
    n_bins = len(BIN_EDGES) - 1
    forecasts, failed, probability = np.zeros((3, n_bins))
    forecasts[2], failed[2], probability[2] = 90, 6, 9.0
    forecasts[7], failed[7], probability[7] = 10, 8, 6.0
    made = replace(
        NOTHING_GRADED,
        since=0.0,
        until=36_000.0,
        forecasts=forecasts.astype(np.int64),
        failed=failed.astype(np.int64),
        probability=probability,
        squared_error=84 * 0.01 + 6 * 0.81 + 2 * 0.36 + 8 * 0.16,
        pod_hours=10.0,
        notifications=4,
        false_alarms=1,
        failures=5,
        announced=3,
        lead_minutes=np.array([1.0, 3.0, 4.0]),
    )
    return replace(made, **changes)


def test_of_nothing_nothing_is_known():
    quality = quality_of(NOTHING_GRADED)
    assert quality.forecasts == 0
    assert quality.calibration == ()
    figures = {
        name: getattr(quality, name)
        for name in quality.__dataclass_fields__
        if name not in {"forecasts", "calibration"}
    }
    assert set(figures.values()) == {None}


def test_without_failures_recall_and_lead_stay_unknown_and_precision_is_known():
    quality = quality_of(track(failures=0, announced=0, lead_minutes=np.zeros(0)))
    assert (quality.recall, quality.lead_minutes_median, quality.lead_minutes_p10) == (None,) * 3
    assert quality.precision.value == 0.75


def test_shares_and_rates():
    quality = quality_of(track())
    assert (quality.precision.value, quality.recall.value) == (0.75, 0.6)
    assert quality.false_alarms_per_100_pod_hours == 10.0
    assert quality.false_alarms_per_1000_pods_per_day == 2400.0
    assert quality.prevalence == 0.14


def test_lead_times():
    quality = quality_of(track())
    assert quality.lead_minutes_median == 3.0
    assert quality.lead_minutes_p10 == pytest.approx(1.4)


def test_calibration_weighs_bins_by_their_forecasts():
    quality = quality_of(track())
    assert [(one.forecast, one.observed, one.forecasts) for one in quality.calibration] == [
        (pytest.approx(0.1), pytest.approx(6 / 90), 90),
        (pytest.approx(0.6), 0.8, 10),
    ]
    assert quality.calibration_error == pytest.approx(0.9 * (0.1 - 6 / 90) + 0.1 * 0.2)
    assert quality.brier == pytest.approx(0.077)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        pytest.param(0, 10, 0.0, 0.2775, id="none"),
        pytest.param(10, 10, 0.7225, 1.0, id="all"),
        pytest.param(15, 148, 0.0624, 0.1605, id="newcombe-1998-example-b"),
    ],
)
def test_wilson_intervals_of_the_literature(part, whole, low, high):
    found = share(part, whole)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(
    st.integers(1, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
)
def test_an_interval_contains_its_share_and_stays_in_0_to_1(counts):
    found = share(*counts)
    assert 0.0 <= found.low <= found.value + 5e-5
    assert found.value - 5e-5 <= found.high <= 1.0

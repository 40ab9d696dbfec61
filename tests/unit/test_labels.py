"""Onset labels: a failure begins in (t, t + horizon], and which rows may be judged."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.tables import FeatureTable
from podforecast.domain.telemetry import HORIZON
from podforecast.model.labels import (
    announced_failures,
    just_failed,
    onset_labels,
    scorable,
    uncensored,
)

CART, PAY = PodRef("shop", "cart-0"), PodRef("shop", "pay-0")
H = HORIZON.total_seconds()


def failure(at, pod=CART):
    return Failure(pod=pod, at=at, cause=FailureCause.EXIT, first=True)


@pytest.mark.parametrize(
    ("t", "onset", "announces"),
    [
        pytest.param(1000.0, 999.0, False, id="failed already"),
        pytest.param(1000.0, 1000.0, False, id="fails now: no longer ahead"),
        pytest.param(1000.0, 1000.5, True, id="fails next"),
        pytest.param(1000.0, 1000.0 + H, True, id="at the very end of the horizon"),
        pytest.param(1000.0, 1000.5 + H, False, id="beyond the horizon"),
    ],
)
def test_a_row_announces(t, onset, announces):
    found = announced_failures(np.array([t]), [CART], [failure(onset)])
    assert found.tolist() == [[0 if announces else -1]]
    assert onset_labels(found).tolist() == [[int(announces)]]


def test_of_several_failures_the_earliest_is_announced_in_whatever_order_they_come():
    failures = [failure(1200.0), failure(1100.0), failure(1150.0, PAY)]
    found = announced_failures(np.array([1000.0, 1100.0, 1200.0]), [CART, PAY], failures)
    assert found.tolist() == [[1, 0, -1], [2, 2, -1]]


def test_failures_of_other_pods_are_ignored():
    stranger = failure(1100.0, PodRef("zoo", "lion-0"))
    assert announced_failures(np.array([1000.0]), [CART], [stranger]).tolist() == [[-1]]


def test_nothing_failed():
    assert announced_failures(np.arange(3.0), [CART, PAY], []).tolist() == [[-1] * 3] * 2


@given(
    st.lists(st.integers(0, 3000), unique=True, max_size=12),
    st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=6),
    st.integers(1, 900),
)
def test_labels_are_what_looking_at_every_failure_finds(moments, onsets, seconds):
    failures = [failure(float(at), CART if own else PAY) for at, own in onsets]
    found = announced_failures(
        np.array(moments, float), [CART, PAY], failures, horizon=timedelta(seconds=seconds)
    )
    for row, pod in enumerate((CART, PAY)):
        for column, t in enumerate(moments):
            ahead = [f.at for f in failures if f.pod == pod and t < f.at <= t + seconds]
            index = found[row, column]
            assert (failures[index].at if index >= 0 else None) == min(ahead, default=None)


def test_a_row_in_the_aftermath_of_a_failure_is_not_judged():
    failures = [failure(100.0), failure(120.0), failure(100.0, PodRef("zoo", "lion-0"))]
    found = just_failed(np.array([99.9, 100.0, 149.9, 150.0]), [CART, PAY], failures)
    assert found.tolist() == [[False, True, True, False], [False] * 4]


def test_pods_that_fail_already_or_are_hardly_seen_are_not_scored():
    table = FeatureTable(
        pods=(CART, PAY, PodRef("a", "b"), PodRef("a", "c")),
        workloads=("w",) * 4,
        at=0.0,
        values=np.zeros((4, 1)),
        coverage=np.array([1.0, 0.59, 0.6, 1.0]),
        failing=np.array([False, False, False, True]),
    )
    assert scorable(table).tolist() == [True, False, True, False]


def test_the_last_horizon_of_a_recording_is_censored():
    times = np.array([0.0, 999.9, 1000.0, 1000.1, 1300.0])
    assert uncensored(times, 1000.0 + H).tolist() == [True, True, True, False, False]

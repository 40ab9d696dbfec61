"""Medians and sums over the other pods of a workload."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podforecast.features.siblings import group_codes, others_median, others_sum

NAN = float("nan")
PODS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.one_of(st.floats(-1e6, 1e6), st.just(NAN))), max_size=30
)


def test_a_pod_without_siblings_has_nothing_to_be_compared_with():
    assert np.isnan(others_median(np.array([5.0]), np.array([0]))[0])


def test_a_pod_that_is_unknown_itself_still_has_siblings():
    found = others_median(np.array([NAN, 2.0, 4.0]), np.array([0, 0, 0]))
    assert found.tolist() == [3.0, 4.0, 2.0]


def test_no_pods_at_all_are_no_error():
    assert others_median(np.array([]), group_codes([])).size == 0


@given(PODS)
def test_the_median_leaves_out_the_pod_itself(pods):
    values = np.array([value for _, value in pods])
    found = others_median(values, group_codes([name for name, _ in pods]))
    for row, (name, _) in enumerate(pods):
        others = [v for i, (n, v) in enumerate(pods) if n == name and i != row and np.isfinite(v)]
        expected = np.median(others) if others else NAN
        assert found[row] == pytest.approx(expected, nan_ok=True)


@given(PODS)
def test_the_sum_leaves_out_the_pod_itself(pods):
    values = np.array([value for _, value in pods])
    found = others_sum(values, group_codes([name for name, _ in pods]))
    for row, (name, _) in enumerate(pods):
        others = [v for i, (n, v) in enumerate(pods) if n == name and i != row and np.isfinite(v)]
        assert found[row] == pytest.approx(sum(others), abs=1e-6)

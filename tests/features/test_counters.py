"""Counters: how much they rose, with resets, gaps and late appearances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from podforecast.features.counters import decayed_rate, increments

NAN = float("nan")


@pytest.mark.parametrize(
    ("counter", "rises"),
    [
        pytest.param([NAN, NAN, NAN], [0, 0, 0], id="never scraped"),
        pytest.param([7, NAN, NAN], [0, 0, 0], id="scraped once"),
        pytest.param([7, 7, 9], [0, 0, 2], id="rises"),
        pytest.param([7, NAN, 9], [0, 0, 2], id="rises across a gap"),
        pytest.param([7, 2, 3], [0, 2, 1], id="reset counts from zero"),
        pytest.param([7, NAN, 2], [0, 0, 2], id="reset within a gap"),
        pytest.param([NAN, NAN, 4], [0, 0, 0], id="a gap at the start is no rise"),
    ],
)
def test_a_counter_rises_by(counter, rises):
    assert increments(np.array([counter], dtype=float)).tolist() == [rises]


@pytest.mark.parametrize(
    ("counter", "absent", "rises"),
    [
        pytest.param([NAN, NAN, 2], [1, 1, 0], [0, 0, 2], id="appears with its first counts"),
        pytest.param([NAN, NAN, 2], [0, 0, 0], [0, 0, 0], id="nobody knows where it was"),
        pytest.param([5, NAN, 1], [0, 1, 0], [0, 0, 1], id="goes away and begins anew"),
        pytest.param([5, NAN, 6], [0, 1, 0], [0, 0, 1], id="a missed scrape is not its end"),
    ],
)
def test_an_absent_counter_counts_from_zero(counter, absent, rises):
    found = increments(np.array([counter], dtype=float), absent=np.array([absent], dtype=bool))
    assert found.tolist() == [rises]


@given(hnp.arrays(np.int64, st.integers(1, 40), elements=st.integers(0, 4)), st.data())
def test_steps_that_were_counted_are_found_again(steps, data):
    gaps = data.draw(hnp.arrays(bool, len(steps)))
    gaps[[0, -1]] = False
    counter = np.where(gaps, NAN, np.cumsum(steps).astype(float))
    assert increments(counter[None, :]).sum() == steps[1:].sum()


@given(
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.one_of(st.integers(0, 9), st.just(NAN)))
)
def test_increments_are_what_a_loop_over_samples_finds(counter):
    expected, before = [], None
    for value in counter:
        known = np.isfinite(value) and before is not None
        expected.append((value - before if value >= before else value) if known else 0.0)
        before = value if np.isfinite(value) else before
    assert increments(counter[None, :]).tolist() == [expected]


def test_a_rise_one_half_life_ago_weighs_half():
    times, there = 60.0 * np.arange(31), np.ones((2, 31), dtype=bool)
    rises = np.zeros((2, 31))
    rises[0, -1], rises[1, 15] = 1.0, 1.0
    weighted, _ = decayed_rate(rises, times, there, half_life=900.0)
    assert weighted.tolist() == [1.0, 0.5]


def test_a_steady_counter_has_its_own_rate():
    times, there = 15.0 * np.arange(400), np.ones((1, 400), dtype=bool)
    rises = np.full((1, 400), 3.0)
    rises[0, 0] = 0.0
    weighted, seconds = decayed_rate(rises, times, there, half_life=900.0)
    assert weighted[0] / seconds[0] == pytest.approx(3.0 / 15.0)


def test_time_without_the_pod_is_no_exposure():
    times = 60.0 * np.arange(11)
    there = np.arange(11)[None, :] >= 6
    _, seconds = decayed_rate(np.zeros((1, 11)), times, there, half_life=1e12)
    assert seconds[0] == pytest.approx(300.0)

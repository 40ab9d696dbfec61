"""The fast path gives the probabilities of the pipeline, wherever the two could differ."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.model import masking
from podforecast.model.artifact import TOLERANCE
from podforecast.model.preprocessing import CATEGORIES, MONOTONE

N = len(CATALOGUE)


def assert_same(small, values):
    found, expected = small.fast.score(values), small.expected(values)
    off = np.abs(found - expected).max()
    assert off <= TOLERANCE, f"{off} off in row {np.abs(found - expected).argmax()}"


@pytest.mark.parametrize("shape", [(N,), (2, N - 1)], ids=["one-row", "a-column-short"])
def test_a_table_of_another_shape_is_refused(linear, shape):
    with pytest.raises(ValueError, match=r"expected shape \(n, "):
        linear.fast.score(np.zeros(shape))


def test_no_rows_have_no_scores(small):
    assert small.fast.score(np.empty((0, N))).shape == (0,)


def test_rows_as_they_come(small, dataset):
    assert_same(small, dataset.x)


def test_rows_of_a_caller_who_knows_the_required_features_only(small, dataset):
    assert_same(small, masking.required_only(dataset.x))


def test_a_row_of_which_nothing_is_known(small):
    assert_same(small, np.full((1, N), np.nan))


@pytest.mark.parametrize("ulps", [-1, 0, 1], ids=["just-below", "exactly-on", "just-above"])
def test_every_split_and_knot(small, dataset, ulps):
    rows = [dataset.x[:1]]
    for column, cuts in small.cuts.items():
        near = np.repeat(dataset.x[7:8], len(cuts), axis=0)
        at = cuts.astype(np.float32)
        near[:, column] = np.nextafter(at, np.float32(ulps * np.inf)) if ulps else at
        rows.append(near)
    assert len(rows) > 3
    assert_same(small, np.concatenate(rows))


def test_splits_between_two_float32_numbers(small, dataset):
    rows = np.repeat(dataset.x[3:4], 40, axis=0)
    column, cuts = next(iter(small.cuts.items()))
    rows[:, column] = cuts[0] * (1 + np.linspace(-1e-7, 1e-7, 40))
    assert_same(small, rows)


def test_whole_numbers(small, dataset):
    assert_same(small, np.round(dataset.x))


@pytest.mark.parametrize("size", [1e12, -1e12, 1e9, 1e-300, -0.0], ids=str)
def test_values_far_from_all_that_was_seen(small, size):
    assert_same(small, np.full((2, N), size))


@pytest.mark.parametrize("code", [-1.0, 0.5, 2.0, 3.0, 99.0, np.nan])
def test_categories_known_and_unknown(small, dataset, code):
    rows = dataset.x[:20].copy()
    rows[:, CATEGORIES] = code
    assert_same(small, rows)


ANY_VALUE = st.one_of(
    st.just(np.nan),
    st.integers(-3, 130).map(float),
    st.floats(-1e12, 1e12, allow_nan=False),
    st.floats(0, 1, width=32),
)


@settings(max_examples=25)
@given(row=st.lists(ANY_VALUE, min_size=N, max_size=N))
def test_any_row(small, row):
    assert_same(small, np.array([row]))


def test_rows_are_scored_one_by_one_as_together(small, dataset):
    x = dataset.x[:60]
    one_by_one = [small.fast.score(row[None])[0] for row in x]
    assert one_by_one == pytest.approx(small.fast.score(x), abs=1e-12)


def test_a_row_scores_the_same_wherever_in_a_batch_it_is(small, dataset):
    rows = np.tile(dataset.x[:11], (2000, 1))
    scores = small.fast.score(rows).reshape(2000, 11)
    assert np.ptp(scores, axis=0).max() < 1e-12


def test_a_risk_that_rises_alone_never_lowers_the_probability(small, dataset):
    steps = np.linspace(0, 100, 9)
    for column in MONOTONE:
        rows = np.repeat(dataset.x[:6], len(steps), axis=0)
        rows[:, column] = np.tile(steps, 6)
        assert np.diff(small.fast.score(rows).reshape(6, -1)).min() >= -1e-12, column


def test_the_table_that_is_scored_is_left_as_it_was(small, dataset):
    rows = dataset.x[:50].copy()
    small.fast.score(rows)
    small.fast.contributions(rows)
    np.testing.assert_array_equal(rows, dataset.x[:50])


def test_a_large_batch_takes_no_memory_of_its_size(small, dataset):
    rows = np.tile(dataset.x[:100], (300, 1))
    tracemalloc.start()
    try:
        small.fast.score(rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < rows.nbytes


def test_memory_says_more_than_anything_in_the_made_up_fleet(small, dataset):
    """So that the tests above compare models that have learned something."""
    row = np.repeat(dataset.x[:1], 2, axis=0)
    row[:, feature_index("memory_usage_pct")] = 5.0, 160.0
    calm, alarming = small.fast.score(row)
    assert alarming > calm + 0.01

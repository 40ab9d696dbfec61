"""Ranking and calibration against scikit-learn and against hand-worked cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from podforecast.model import metrics


@pytest.mark.parametrize(
    ("y", "score", "says"),
    [
        pytest.param([0, 1], [0.5, math.nan], "1 of 2 scores are NaN", id="nan"),
        pytest.param([0, 1], [0.5], "equally long", id="shapes-differ"),
        pytest.param([], [], "equally long", id="no-rows"),
    ],
)
def test_rows_without_a_score_are_refused(y, score, says):
    with pytest.raises(ValueError, match=says):
        metrics.Ranking(y, score)


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1]], ids=["no-positive", "no-negative"])
def test_one_class_has_no_roc_auc(y):
    assert math.isnan(metrics.roc_auc(y, [0.1, 0.2, 0.3]))


def test_without_positives_there_is_no_precision():
    assert math.isnan(metrics.average_precision([0, 0], [0.1, 0.2]))


@st.composite
def scored_rows(draw):
    n = draw(st.integers(4, 60))
    y = draw(arrays(np.int64, n, elements=st.integers(0, 1)))
    y[:2] = (0, 1)
    score = draw(arrays(np.float64, n, elements=st.integers(0, 8).map(lambda k: k / 8)))
    weight = draw(arrays(np.float64, n, elements=st.integers(1, 4).map(float)))
    return y, score, weight


@settings(max_examples=60, deadline=None)
@given(scored_rows())
def test_ranking_agrees_with_scikit_learn_ties_and_weights_included(rows):
    y, score, weight = rows
    ranking = metrics.Ranking(y, score)
    assert ranking.roc_auc() == pytest.approx(roc_auc_score(y, score))
    assert ranking.roc_auc(weight) == pytest.approx(roc_auc_score(y, score, sample_weight=weight))
    assert ranking.average_precision(weight) == pytest.approx(
        average_precision_score(y, score, sample_weight=weight)
    )
    assert metrics.brier(y, score, weight) == pytest.approx(
        brier_score_loss(y, score, sample_weight=weight)
    )


@settings(max_examples=30, deadline=None)
@given(scored_rows())
def test_a_weight_of_two_counts_a_row_twice(rows):
    y, score, _ = rows
    twice = np.arange(len(y)) % 2
    repeated = np.repeat(np.arange(len(y)), 1 + twice)
    assert metrics.Ranking(y, score).roc_auc(1 + twice) == pytest.approx(
        metrics.roc_auc(y[repeated], score[repeated]), nan_ok=True
    )


def test_random_scores_reach_the_prevalence():
    rng = np.random.default_rng(3)
    y = rng.random(40_000) < 0.05
    assert metrics.average_precision(y, rng.random(40_000)) == pytest.approx(0.05, abs=0.005)


def test_bins_hold_equally_many_rows_however_skewed_the_probabilities():
    probability = np.random.default_rng(1).random(1000) ** 6
    share = metrics.reliability(probability < 0.5, probability, bins=10)[:, 2]
    assert share == pytest.approx(0.1, abs=0.002)


def test_rows_of_one_probability_stay_in_one_bin():
    table = metrics.reliability([0, 1] * 50, [0.2] * 60 + [0.7] * 40)
    assert table[:, 2].sum() == pytest.approx(1.0)
    assert table[:, 0].tolist() == pytest.approx([0.2, 0.7])


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param(0.3, 0.0, id="honest"),
        pytest.param(0.5, 0.2, id="too-high"),
        pytest.param(0.1, 0.2, id="too-low"),
    ],
)
def test_calibration_error_is_the_distance_to_what_happened(said, error):
    y = [1] * 30 + [0] * 70
    assert metrics.expected_calibration_error(y, [said] * 100) == pytest.approx(error)

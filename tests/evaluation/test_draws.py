"""The rounds of a bootstrap over pods."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from podforecast.evaluation.draws import PodDraws
from podforecast.evaluation.ranking import ranked


@pytest.fixture
def draws(unseen):
    return PodDraws(unseen, rounds=15, rng=np.random.default_rng(4))


def test_every_round_draws_as_many_pods_as_there_are(draws):
    assert (draws.counts.sum(axis=1) == len(draws.pods)).all()


@pytest.mark.parametrize("digits", [pytest.param(1, id="many-ties"), pytest.param(9, id="none")])
@pytest.mark.parametrize("seed", range(3))
def test_each_round_is_what_scikit_learn_says_with_these_weights(draws, unseen, digits, seed):
    score = np.random.default_rng(seed).random(len(unseen)) + unseen.y * 0.3
    score = np.round(score, digits)
    areas, precisions = ranked(draws, unseen.y, score)
    for round_, counts in enumerate(draws.counts):
        weight = counts[draws.row_pod]
        assert areas.resampled[round_] == pytest.approx(
            roc_auc_score(unseen.y, score, sample_weight=weight)
        )
        assert precisions.resampled[round_] == pytest.approx(
            average_precision_score(unseen.y, score, sample_weight=weight)
        )
    assert areas.value == pytest.approx(roc_auc_score(unseen.y, score))
    assert precisions.value == pytest.approx(average_precision_score(unseen.y, score))


def test_some_of_the_rows_are_ranked_alone(draws, unseen):
    rows = np.flatnonzero(unseen.pod % 2 == 0)
    score = np.random.default_rng(6).random(len(unseen))
    areas, _ = ranked(draws, unseen.y[rows], score[rows], rows)
    weight = draws.counts[0][draws.row_pod][rows]
    expected = roc_auc_score(unseen.y[rows], score[rows], sample_weight=weight)
    assert areas.resampled[0] == pytest.approx(expected)


def test_a_score_that_is_unknown_is_refused(draws, unseen):
    with pytest.raises(ValueError, match=r"1 of \d+ scores are NaN"):
        ranked(draws, unseen.y, np.append(np.zeros(len(unseen) - 1), np.nan))


def test_one_outcome_alone_has_no_rank(draws, unseen):
    area, precision = ranked(draws, np.zeros(len(unseen), dtype=np.int8), unseen.time)
    assert np.isnan([area.value, precision.value]).all()


def test_a_ratio_sums_over_pods_before_it_divides(draws, unseen):
    part, whole = draws.per_pod(unseen.pod[unseen.y == 1]), draws.per_pod(unseen.pod)
    assert draws.of_ratio(part, whole).value == pytest.approx(unseen.y.mean())
    weight = draws.counts[0][draws.row_pod]
    assert draws.of_ratio(part, whole).resampled[0] == pytest.approx(
        np.average(unseen.y, weights=weight)
    )


def test_nothing_of_nothing_is_unknown(draws):
    none = np.zeros(len(draws.pods))
    assert np.isnan(draws.of_ratio(none, none).value)


def test_the_difference_of_a_figure_and_itself_is_exactly_nothing(draws, unseen):
    found, _ = ranked(draws, unseen.y, unseen.time)
    difference = (found - found).interval()
    assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)

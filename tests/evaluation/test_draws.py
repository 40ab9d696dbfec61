"""The rounds of a bootstrap over pods."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from podforecast.evaluation.draws import PodDraws
from podforecast.model.metrics import Ranking


@pytest.fixture
def draws(unseen):
    return PodDraws(unseen, rounds=15, rng=np.random.default_rng(4))


def test_every_round_draws_as_many_pods_as_there_are(draws):
    assert (draws.counts.sum(axis=1) == len(draws.pods)).all()


def test_rows_of_one_pod_always_weigh_the_same(draws, unseen):
    for weight in draws.row_weights():
        for pod in np.unique(unseen.pod)[:5]:
            assert len(set(weight[unseen.pod == pod])) == 1


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("roc_auc", roc_auc_score, id="roc-auc"),
        pytest.param("average_precision", average_precision_score, id="average-precision"),
    ],
)
def test_each_round_is_what_scikit_learn_says_with_these_weights(draws, unseen, ours, theirs):
    score = np.round(np.random.default_rng(5).random(len(unseen)), 2) + unseen.y * 0.3
    found = draws.of_statistic(getattr(Ranking(unseen.y, score), ours))
    expected = [theirs(unseen.y, score, sample_weight=w) for w in draws.row_weights()]
    assert found.resampled == pytest.approx(expected)


def test_a_ratio_sums_over_pods_before_it_divides(draws, unseen):
    part, whole = draws.per_pod(unseen.pod[unseen.y == 1]), draws.per_pod(unseen.pod)
    assert draws.of_ratio(part, whole).value == pytest.approx(unseen.y.mean())
    rows = next(draws.row_weights())
    assert draws.of_ratio(part, whole).resampled[0] == pytest.approx(
        np.average(unseen.y, weights=rows)
    )


def test_nothing_of_nothing_is_unknown(draws):
    none = np.zeros(len(draws.pods))
    assert np.isnan(draws.of_ratio(none, none).value)


def test_the_difference_of_a_figure_and_itself_is_exactly_nothing(draws, unseen):
    found = draws.of_statistic(Ranking(unseen.y, unseen.time).roc_auc)
    difference = (found - found).interval()
    assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)

"""Probabilities mean what they say, and keep the order of scores."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from podforecast.model import calibration, metrics


@pytest.fixture(scope="module")
def scored():
    """Scores whose log-odds are twice too large and three too high."""
    rng = np.random.default_rng(8)
    truth = rng.normal(-3, 1.5, size=20_000)
    y = (rng.random(20_000) < expit(truth)).astype(int)
    return expit(2 * truth + 3), y, np.ones(20_000)


@pytest.mark.parametrize("method", calibration.METHODS)
def test_calibration_undoes_a_distortion(scored, method):
    score, y, weight = scored
    fitted = calibration.calibrator(method).fit(score[::2], y[::2], weight[::2])
    after = fitted.predict(score[1::2])
    assert metrics.expected_calibration_error(y[1::2], score[1::2]) > 0.1
    assert metrics.expected_calibration_error(y[1::2], after) < 0.012


@pytest.mark.parametrize("method", calibration.METHODS)
def test_the_order_of_scores_is_kept_strictly(scored, method):
    score, y, weight = scored
    fitted = calibration.calibrator(method).fit(score, y, weight)
    assert (np.diff(fitted.predict(np.linspace(0.001, 0.999, 500))) > 0).all()


@pytest.mark.parametrize("method", calibration.METHODS)
def test_the_order_is_kept_even_where_scores_mislead(method):
    score = np.linspace(0.1, 0.9, 400)
    y = (score < 0.5).astype(int)
    fitted = calibration.calibrator(method).fit(score, y, np.ones(400))
    assert (np.diff(fitted.predict(score)) >= 0).all()


@pytest.mark.parametrize("method", calibration.METHODS)
def test_certain_scores_stay_probabilities(scored, method):
    fitted = calibration.calibrator(method).fit(*scored)
    assert ((fitted.predict([0.0, 1.0]) >= 0) & (fitted.predict([0.0, 1.0]) <= 1)).all()


def test_a_straight_distortion_is_better_served_by_the_sigmoid(scored):
    score, y, weight = (column[:800] for column in scored)
    brier = calibration.compare(score, y, np.arange(800) % 4, weight)
    assert list(brier) == ["sigmoid", "isotonic"]
    assert brier["sigmoid"] < brier["isotonic"]


def test_a_stepped_distortion_is_better_served_by_steps():
    rng = np.random.default_rng(1)
    score = rng.random(6000)
    y = (rng.random(6000) < np.where(score > 0.8, 0.5, 0.1)).astype(int)
    brier = calibration.compare(score, y, np.arange(6000) % 4, np.ones(6000))
    assert brier["isotonic"] < brier["sigmoid"]


def test_a_row_is_judged_by_a_calibrator_that_has_not_seen_its_fold():
    score, fold = np.full(40, 0.5), np.repeat([0, 1], 20)
    y = fold.copy()
    probability = calibration.cross_fitted("sigmoid", score, y, fold, np.ones(40))
    assert probability[fold == 0].mean() > 0.99
    assert probability[fold == 1].mean() < 0.01

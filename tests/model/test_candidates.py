"""Every candidate, found by introspection: a new one is tested before its author writes a test."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from podforecast.domain.catalogue import CATALOGUE, REQUIRED, feature_index
from podforecast.model import masking, preprocessing
from podforecast.model.candidates import CANDIDATES, MonotoneLogisticRegression, candidate

FAST = {
    "LogisticRegression": {"max_iter": 60},
    "RandomForest": {"n_estimators": 12},
    "XGBoost": {"n_estimators": 25},
    "LogReg+XGBoost": {"n_estimators": 60},
    "NeuralNetwork": {"hidden": 8, "epochs": 40},
}


PROMISING = [one for one in CANDIDATES if one.monotone]


@pytest.fixture(scope="module")
def rows(dataset):
    x, source = masking.with_masked_copies(
        dataset.x.astype(np.float32), np.arange(len(dataset)), rng=np.random.default_rng(0)
    )
    return x, dataset.y[source]


@pytest.fixture(scope="module", params=CANDIDATES, ids=lambda one: one.name)
def fitted(request, rows):
    one = request.param
    pipeline = one.build({**one.usual, **FAST.get(one.name, {})}, 1)
    x, y = rows
    return pipeline.fit(x, y, classify__sample_weight=np.ones(len(y)))


def test_an_unknown_candidate_is_refused():
    with pytest.raises(KeyError, match="Oracle"):
        candidate("Oracle")


def test_unknown_features_are_scored(fitted):
    x = np.full((2, len(CATALOGUE)), np.nan)
    x[1, : len(REQUIRED)] = [feature.default for feature in REQUIRED]
    probability = fitted.predict_proba(x)
    assert np.isfinite(probability).all()
    assert probability.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("name", [f.name for f in CATALOGUE if f.monotone])
@pytest.mark.parametrize("fitted", PROMISING, ids=lambda one: one.name, indirect=True)
def test_a_monotone_feature_that_rises_alone_never_lowers_the_probability(fitted, rows, name):
    feature = CATALOGUE[feature_index(name)]
    x = np.repeat(rows[0][::97].astype(np.float64), 9, axis=0)
    x[:, feature_index(name)] = np.tile(np.linspace(*feature.typical, 9), len(x) // 9)
    probability = fitted.predict_proba(x)[:, 1].reshape(-1, 9)
    assert (np.diff(probability, axis=1) >= -1e-9).all()


def test_the_made_up_signal_is_learned(fitted, rows, dataset):
    from podforecast.model import metrics

    assert metrics.roc_auc(dataset.y, fitted.predict_proba(dataset.x)[:, 1]) > 0.75


def test_it_survives_pickling_to_the_last_bit(fitted, dataset):
    copy = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own bytes
    x = dataset.x[:50]
    assert np.array_equal(copy.predict_proba(x), fitted.predict_proba(x))


@pytest.mark.parametrize("one", CANDIDATES, ids=lambda one: one.name)
def test_the_usual_settings_are_tried_first_and_none_twice(one):
    settings = one.settings()
    assert settings[0] == one.usual
    assert len({tuple(sorted(s.items())) for s in settings}) == len(settings)


def test_without_bounds_it_is_scikit_learns_logistic_regression(rows):
    x, y = rows
    x = np.nan_to_num(x[::3, :6].astype(np.float64)) / 50.0
    y = y[::3]
    ours = MonotoneLogisticRegression(C=0.5, max_iter=2000).fit(x, y)
    theirs = LogisticRegression(C=0.5, max_iter=2000, tol=1e-8).fit(x, y)
    assert ours.predict_proba(x) == pytest.approx(theirs.predict_proba(x), abs=2e-4)


def test_a_bounded_coefficient_that_would_be_negative_is_zero():
    x = np.linspace(-1, 1, 200)[:, None]
    y = (x[:, 0] < 0).astype(int)
    assert MonotoneLogisticRegression().fit(x, y).coef_[0, 0] < -1
    assert MonotoneLogisticRegression(monotone=(0,)).fit(x, y).coef_[0, 0] == 0.0


def test_every_feature_is_prepared_for_the_linear_model_exactly_once():
    parts = preprocessing.NUMBERS + preprocessing.CATEGORIES
    assert sorted(parts) == list(range(len(CATALOGUE)))


def test_the_linear_design_is_what_scikit_learn_would_make(rows):
    x = rows[0].astype(np.float64)
    numbers = x[:, preprocessing.NUMBERS].copy()
    logged = [n for n, column in enumerate(preprocessing.NUMBERS)
              if column in preprocessing.LONG_TAILED]  # fmt: skip
    numbers[:, logged] = preprocessing.signed_log(numbers[:, logged])
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    kinds = [list(range(len(CATALOGUE[c].categories))) for c in preprocessing.CATEGORIES]
    one_hot = OneHotEncoder(categories=kinds, handle_unknown="ignore", sparse_output=False)
    expected = np.hstack(
        [
            scaled.fit_transform(numbers),
            np.isnan(numbers),
            one_hot.fit_transform(x[:, preprocessing.CATEGORIES]),
        ]
    )
    design = preprocessing.LinearDesign().fit(x).transform(x)
    np.testing.assert_allclose(design[:, : expected.shape[1]], expected, rtol=1e-6, atol=1e-12)


def test_hinges_are_what_is_above_the_quantiles_of_each_number(rows):
    x = rows[0].astype(np.float64)
    design = preprocessing.LinearDesign().fit(x).transform(x)
    n_numbers = len(preprocessing.NUMBERS)
    numbers = design[:, :n_numbers]
    expected = [np.maximum(numbers - np.quantile(numbers, knot, axis=0), 0.0)
                for knot in preprocessing.KNOTS]  # fmt: skip
    hinges = design[:, -len(preprocessing.KNOTS) * n_numbers :]
    np.testing.assert_allclose(hinges, np.hstack(expected), rtol=1e-6, atol=1e-12)


def test_a_feature_nobody_ever_measured_does_not_disturb():
    x = np.full((3, len(CATALOGUE)), np.nan)
    assert np.isfinite(preprocessing.LinearDesign().fit(x).transform(x)).all()


def test_the_linear_model_knows_which_columns_are_monotone(rows):
    design = preprocessing.LinearDesign().fit(rows[0])
    known = set(preprocessing.linear_monotone().tolist())
    changed = set()
    for feature in preprocessing.MONOTONE:
        low, high = rows[0][:1].copy(), rows[0][:1].copy()
        low[0, feature], high[0, feature] = 0.0, 1e6
        rise = design.transform(high)[0] - design.transform(low)[0]
        assert (rise >= 0.0).all()
        changed |= set(np.flatnonzero(rise).tolist())
    assert changed == known


def test_a_forest_tells_unknown_from_small_but_not_for_monotone_features():
    x = np.array([[np.nan] * len(CATALOGUE), list(range(1, len(CATALOGUE) + 1))], dtype=np.float32)
    filled = preprocessing.FillUnknown().fit(x).transform(x)
    assert filled[1].tolist() == x[1].tolist()
    for column in range(len(CATALOGUE)):
        if column in preprocessing.MONOTONE:
            assert filled[0, column] == x[1, column]
        else:
            assert filled[0, column] == np.float32(preprocessing.BELOW_EVERYTHING)

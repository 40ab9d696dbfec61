"""From rows to a model: chosen, calibrated, repeatable."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from podforecast.domain.catalogue import FEATURE_NAMES, fingerprint
from podforecast.errors import DataUnusable
from podforecast.model import (
    describe,
    fitting,
    metrics,
    reference,
    resampling,
    selection,
    splits,
    training,
)
from podforecast.model.candidates import CANDIDATES, COMPARED_ONLY, candidate
from podforecast.model.fitting import Limits, OutOfFold, Recipe, Rows
from podforecast.model.manifest import Manifest
from podforecast.model.selection import Contender
from podforecast.model.threshold import AlertBudget

QUICK = (
    replace(candidate("LogisticRegression"), usual={"C": 0.01, "max_iter": 40}, tries=()),
    replace(
        candidate("XGBoost"),
        usual={**candidate("XGBoost").usual, "n_estimators": 20, "learning_rate": 0.2},
        tries=({"max_depth": 2},),
    ),
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def progress():
    return []


@pytest.fixture(scope="module")
def trained(dataset, progress):
    return training.train(
        dataset, seed=1, jobs=2, candidates=QUICK,
        on_progress=lambda done, total, name: progress.append((done, total, name)),
    )  # fmt: skip


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_outcome_is_refused(dataset, outcome):
    same = replace(dataset, y=np.full_like(dataset.y, outcome))
    with pytest.raises(DataUnusable, match="both outcomes are needed"):
        training.train(same, seed=1)


def contender(name, *, area, recall, spread=0.0):
    """One whose rounds of the bootstrap lie around its ROC-AUC, of no fit."""
    rounds = area + spread * np.linspace(-1, 1, 101)
    return Contender(
        recipe=Recipe(name=name, parameters={}),
        roc_auc=resampling.interval(area, rounds),
        roc_auc_required_only=area,
        average_precision=0.5,
        resampled=rounds,
        recall=recall,
        out_of_fold=OutOfFold(full=np.empty(0), required_only=np.empty(0), fold=np.empty(0)),
        tried=1,
        seconds=0.0,
    )


@pytest.mark.parametrize(
    ("recalls", "spread", "expected"),
    [
        pytest.param((0.3, 0.9), 0.0, "ahead", id="ahead-by-more-than-the-interval"),
        pytest.param((0.3, 0.9), 0.1, "close", id="close-and-catches-more"),
        pytest.param((0.9, 0.3), 0.1, "ahead", id="close-and-catches-less"),
        pytest.param((0.5, 0.5), 0.1, "ahead", id="close-and-catches-as-many"),
        pytest.param((np.nan, np.nan), 0.1, "ahead", id="failures-not-known"),
    ],
)
def test_where_roc_auc_can_not_tell_the_one_that_catches_most_is_kept(recalls, spread, expected):
    ahead = contender("ahead", area=0.82, recall=recalls[0])
    close = contender("close", area=0.81, recall=recalls[1], spread=spread)
    assert selection.kept([close, ahead]).recipe.name == expected


def test_the_kept_candidate_comes_first_and_the_others_by_roc_auc(dataset, trained):
    first, *others = trained.contenders
    assert trained.fitted.recipe == first.recipe
    assert selection.kept(trained.contenders) is first
    areas = [one.roc_auc.value for one in others]
    assert areas == sorted(areas, reverse=True)
    described = describe.describe(trained, dataset, trained_at=NOON).candidates
    assert [one.recall for one in described] == [one.recall for one in trained.contenders]


def test_progress_is_told_of_every_fit_and_ends_at_the_total(progress, trained):
    assert [done for done, _, _ in progress] == list(range(1, len(progress) + 1))
    assert progress[-1][0] == progress[-1][1] == selection.fits(QUICK) + 1
    assert {name for _, _, name in progress} == {"LogisticRegression", "XGBoost"}


@pytest.fixture(scope="module")
def again(dataset):
    """The same once more, with another number of jobs and a larger budget."""
    return training.train(dataset, seed=1, jobs=1, candidates=QUICK, budget=AlertBudget(50.0))


def test_the_same_seed_gives_the_same_bits_whatever_the_jobs(dataset, trained, again):
    assert again.fitted.out_of_fold.tobytes() == trained.fitted.out_of_fold.tobytes()
    probabilities = [m.fitted.pipeline.predict_proba(dataset.x) for m in (trained, again)]
    assert probabilities[0].tobytes() == probabilities[1].tobytes()


def test_the_threshold_follows_from_the_budget(trained, again):
    assert again.threshold < trained.threshold
    assert again.operating_point.budget == AlertBudget(50.0)


def test_another_seed_gives_another_model(dataset, trained):
    other = training.refit(dataset, trained.fitted.recipe, seed=2)
    assert not np.array_equal(other.out_of_fold, trained.fitted.out_of_fold)


def test_a_refit_with_the_same_seed_repeats_the_training(dataset, trained):
    again = training.refit(dataset, trained.fitted.recipe, seed=1)
    assert again.out_of_fold.tobytes() == trained.fitted.out_of_fold.tobytes()


def test_probabilities_are_calibrated_in_both_situations(trained):
    facts = trained.fitted.calibration
    assert facts.expected_calibration_error < 0.05
    assert facts.expected_calibration_error_required_only < 0.06


def test_scores_out_of_fold_know_less_than_scores_of_rows_seen(dataset, trained):
    seen = trained.fitted.pipeline.predict_proba(dataset.x)[:, 1]
    assert metrics.roc_auc(dataset.y, seen) > metrics.roc_auc(dataset.y, trained.fitted.out_of_fold)


def test_a_monotone_feature_never_lowers_the_calibrated_probability(dataset, trained):
    x = np.repeat(dataset.x[::211], 5, axis=0)
    x[:, FEATURE_NAMES.index("memory_usage_pct")] = np.tile([0, 25, 50, 75, 100], len(x) // 5)
    probability = trained.fitted.pipeline.predict_proba(x)[:, 1].reshape(-1, 5)
    assert (np.diff(probability, axis=1) >= 0).all()


def shuffled(dataset, seed):
    """Labels that belong to other rows: there is nothing to learn."""
    fewer = dataset.rows(np.arange(0, len(dataset), 2))
    rows = np.random.default_rng(seed).permutation(len(fewer))
    return replace(fewer, y=fewer.y[rows], failure=fewer.failure[rows])


def test_labels_without_meaning_give_a_model_that_says_so(dataset):
    """Some shuffles beat chance by luck, more than one in forty with so few pods; never by much."""
    tables = [shuffled(dataset, seed) for seed in range(4)]
    found = [training.train(one, seed=1, jobs=2, candidates=QUICK[:1]) for one in tables]
    by_luck = [one.contenders[0].beats_chance for one in found]
    assert all(0.45 <= one.contenders[0].roc_auc.value <= 0.55 for one in found)
    honest = by_luck.index(False)
    assert not describe.describe(found[honest], tables[honest], trained_at=NOON).beats_chance


def test_every_row_is_scored_once_by_a_model_fitted_on_the_other_folds(dataset, monkeypatch):
    fold = splits.folds_of(dataset, folds=3, seed=0)
    fitted_on = []
    fit = fitting.fit

    def spy(data, rows, recipe, **options):
        fitted_on.append(set(fold[rows]))
        return fit(data, rows, recipe, **options)

    monkeypatch.setattr(fitting, "fit", spy)
    recipe = Recipe(name="LogisticRegression", parameters={"C": 1.0})
    parts = fitting.run(fitting.out_of_fold_tasks(Rows.of(dataset), recipe, fold, seed=0), jobs=1)
    assert [set(fold[inside]) for inside, _, _ in parts] == [{0}, {1}, {2}]
    assert fitted_on == [{1, 2}, {0, 2}, {0, 1}]
    assert sum(len(inside) for inside, _, _ in parts) == len(dataset)


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(negatives=10**6, positives=10**6), id="nothing-to-thin"),
        pytest.param(Limits(negatives=500, positives=10**6), id="negatives"),
        pytest.param(Limits(negatives=500, positives=100), id="both"),
    ],
)
def test_thinned_rows_weigh_as_much_as_all(dataset, limits):
    rows, weights = fitting.thinned(dataset, np.arange(len(dataset)), limits)
    weight = weights[rows]
    positive = dataset.y[rows] == 1
    assert weight[positive].sum() == pytest.approx(dataset.y.sum(), rel=0.05)
    assert weight.sum() == pytest.approx(len(dataset), rel=0.05)
    assert (~positive).sum() <= limits.negatives * 1.5
    assert set(dataset.pod[rows]) == set(dataset.pod)


def test_the_first_error_of_a_fit_is_raised():
    def broken():
        raise DataUnusable("no rows")

    with pytest.raises(DataUnusable, match="no rows"):
        fitting.run([broken, lambda: 1], jobs=2)


def test_results_come_in_the_order_of_tasks():
    assert fitting.run([lambda k=k: k for k in range(20)], jobs=3) == list(range(20))


def test_the_manifest_tells_everything_and_survives_json(dataset, trained):
    manifest = describe.describe(trained, dataset, trained_at=NOON)
    assert Manifest.model_validate_json(manifest.to_json()) == manifest
    assert manifest.catalogue == fingerprint()
    assert manifest.threshold == trained.threshold
    assert manifest.data.campaigns == ("alpha", "beta-x")
    assert [c.name for c in manifest.candidates] == [c.recipe.name for c in trained.contenders]
    assert [p.per_100_pod_hours for p in manifest.operating_points] == [1.0, 5.0, 20.0]
    assert manifest.beats_chance


def test_the_reference_batch_spans_the_risk_in_both_situations(dataset, trained):
    batch = reference.reference(trained.fitted, dataset)
    real_rows = slice(reference.SPREAD_ROWS)
    gaps = np.isnan(batch.values())[real_rows]
    assert gaps[1::2, 12:].all()
    assert not gaps[::2, 12:].all(axis=1).any()
    assert max(batch.probabilities[real_rows]) > 5 * min(batch.probabilities[real_rows])


def test_the_manifest_is_read_by_people_too(dataset, trained):
    text = describe.describe(trained, dataset, trained_at=NOON).to_json()
    assert json.loads(text)["algorithm"] == trained.fitted.recipe.name
    assert max(len(line) for line in text.splitlines()) < 2500
    assert len(text.splitlines()) < 400


@pytest.mark.parametrize("column", ["x", "y", "time", "pod"])
def test_the_data_fingerprint_sees_every_column(dataset, column):
    changed = getattr(dataset, column).copy()
    changed[7] += 1
    other = replace(dataset, **{column: changed})
    assert describe.data_fingerprint(other) != describe.data_fingerprint(dataset)


def test_the_kinds_that_were_promised_are_compared_and_a_network_never_kept():
    names = [c.name for c in CANDIDATES]
    joined = "LogReg+XGBoost"
    assert names == ["LogisticRegression", "RandomForest", "XGBoost", joined, "NeuralNetwork"]
    assert [c.name for c in CANDIDATES if not c.monotone] == ["NeuralNetwork"]


def test_where_no_candidate_may_be_kept_nothing_is_trained(dataset):
    with pytest.raises(ValueError, match="no candidate promises"):
        training.train(dataset, seed=1, candidates=[replace(QUICK[0], monotone=False)])


def test_the_best_ranking_is_not_kept_where_it_promises_nothing(dataset):
    better = replace(QUICK[1], tries=(), monotone=False)
    poor = replace(QUICK[0], usual={"C": 1e-7, "max_iter": 60})
    trained = training.train(dataset, seed=1, jobs=2, candidates=[better, poor])
    manifest = describe.describe(trained, dataset, trained_at=NOON)
    kept, best = manifest.candidates
    assert best.roc_auc > kept.roc_auc
    assert manifest.algorithm == kept.name == "LogisticRegression"
    assert (kept.note, best.note) == (None, COMPARED_ONLY)


def test_one_setting_is_compared_without_a_search():
    [usual] = [replace(c, tries=()) for c in QUICK[:1]]
    assert selection.fits([usual]) == selection.COMPARE_FOLDS

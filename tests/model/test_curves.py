"""Curves of a training: few points, the same line, and never of rows that a model has seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.errors import CurvesMissing
from podforecast.model import artifact, describe, measuring, metrics, outlines, scorer, training
from podforecast.model.candidates import candidate
from podforecast.model.curves import CURVES_FILE, read_curves

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
QUICK = (
    replace(candidate("LogisticRegression"), usual={"C": 0.01, "max_iter": 40}, tries=()),
    replace(candidate("XGBoost"), usual={"n_estimators": 10, "max_depth": 3}, tries=()),
)


@pytest.fixture(scope="module")
def trained(dataset):
    return training.train(dataset, seed=1, candidates=QUICK)


@pytest.fixture(scope="module")
def fitted():
    return []


@pytest.fixture(scope="module")
def curves(trained, dataset, fitted):
    return measuring.measure(trained, dataset, on_fit=lambda: fitted.append(1))


@pytest.fixture
def saved(tmp_path, trained, dataset, curves):
    manifest = describe.describe(trained, dataset, trained_at=NOON)
    return tmp_path, artifact.save(tmp_path, trained.fitted.pipeline, manifest, curves)


def _distance(point, line):
    """From a point to the nearest place on a line of many pieces."""
    begin, step = line[:-1], np.diff(line, axis=0)
    along = np.sum((point - begin) * step, axis=1) / np.sum(step**2, axis=1)
    nearest = begin + np.clip(along, 0, 1)[:, None] * step
    return np.hypot(*(point - nearest).T).min()


class TestFile:
    def test_a_model_saved_without_curves_has_none(self, tmp_path, trained, dataset):
        manifest = describe.describe(trained, dataset, trained_at=NOON)
        plain = artifact.save(tmp_path, trained.fitted.pipeline, manifest)
        with pytest.raises(CurvesMissing, match="was saved without curves"):
            read_curves(tmp_path, plain)

    @pytest.mark.parametrize(
        "payload", [pytest.param(b"", id="empty"), pytest.param(b"x" * 2**21, id="huge")]
    )
    def test_a_changed_file_is_refused_and_the_model_answers_all_the_same(self, saved, payload):
        folder, manifest = saved
        (folder / CURVES_FILE).write_bytes(payload)
        with pytest.raises(CurvesMissing, match="is not the file that was saved") as caught:
            read_curves(folder, manifest)
        assert "python train_model.py" in caught.value.hint
        assert scorer.load(folder).manifest == manifest

    def test_what_is_saved_is_what_is_read(self, saved, curves):
        assert read_curves(*saved) == curves


class TestOutlines:
    @pytest.fixture
    def ranked(self):
        rng = np.random.default_rng(4)
        y = (rng.random(30_000) < 0.05).astype(np.int8)
        return y, rng.random(30_000) + 0.5 * y * rng.random(30_000)

    def test_thousands_of_points_become_two_hundred_on_the_same_line(self, ranked):
        y, score = ranked
        thin = outlines.candidate_curves("any", y, score)
        assert len(thin.false_positive_rate) <= outlines.POINTS
        assert len(thin.recall) <= outlines.POINTS
        positives, negatives = metrics.Ranking(y, score).cumulated()
        whole = np.column_stack([negatives / negatives[-1], positives / positives[-1]])
        drawn = np.column_stack([thin.false_positive_rate, thin.true_positive_rate])
        assert max(_distance(point, drawn) for point in whole[::50]) < 0.002

    def test_the_area_below_the_thinned_line_is_the_roc_auc(self, ranked):
        thin = outlines.candidate_curves("any", *ranked)
        area = np.trapezoid(thin.true_positive_rate, thin.false_positive_rate)
        assert area == pytest.approx(metrics.roc_auc(*ranked), abs=0.001)

    def test_corners_of_a_perfect_ranking_are_kept(self):
        y = np.repeat([0, 1], 500)
        thin = outlines.candidate_curves("any", y, np.arange(1000.0))
        assert thin.false_positive_rate == (0.0, 0.0, 1.0)
        assert thin.true_positive_rate == (0.0, 1.0, 1.0)

    def test_a_score_that_says_nothing_is_the_diagonal(self):
        thin = outlines.candidate_curves("any", np.array([0, 1, 0, 1]), np.ones(4))
        assert thin.true_positive_rate == thin.false_positive_rate == (0.0, 1.0)
        assert thin.precision == (0.5,)

    def test_rows_at_a_threshold_that_none_reaches_have_no_precision(self):
        at = outlines.rows_at(0.9, np.array([0, 1]), np.array([0.1, 0.2]))
        assert (at.recall, at.precision) == (0.0, None)

    def test_a_table_without_single_failures_has_no_alarm_line(self, dataset):
        unnamed = replace(dataset, failure=np.full(len(dataset), -1))
        assert outlines.alarm_line(unnamed, np.arange(float(len(dataset)))).threshold == ()


class TestMeasured:
    def test_every_candidate_is_drawn_best_first(self, curves, trained):
        names = [one.name for one in curves.candidates]
        assert names == [one.recipe.name for one in trained.contenders]

    def test_more_false_alarms_announce_more_failures_at_lower_thresholds(self, curves):
        line = curves.alarms
        assert np.all(np.diff(line.false_alarms_per_100_pod_hours) > 0)
        assert np.all(np.diff(line.failures_announced) > 0)
        assert np.all(np.diff(line.threshold) < 0)

    def test_the_line_passes_through_the_operating_point(self, curves, trained, dataset):
        point = trained.operating_point
        rate = 100 * point.false_alarms / dataset.pod_hours
        fitting = [
            announced
            for false, announced in zip(
                curves.alarms.false_alarms_per_100_pod_hours,
                curves.alarms.failures_announced,
                strict=True,
            )
            if false <= rate + 1e-4
        ]
        assert fitting[-1] == pytest.approx(point.recall, abs=1e-4)

    def test_bins_of_the_calibration_hold_all_rows(self, curves, dataset):
        assert sum(curves.calibration.rows) == len(dataset)
        assert list(curves.calibration.forecast) == sorted(curves.calibration.forecast)

    def test_every_feature_is_in_one_group_and_what_announces_failures_leads(self, curves):
        features = [name for one in curves.importances for name in one.features]
        assert sorted(features) == sorted(FEATURE_NAMES)
        assert {one.group for one in curves.importances[:2]} == {"memory", "probes and scrapes"}
        assert all(one.loss_low <= one.loss <= one.loss_high for one in curves.importances)

    def test_fits_are_told_of_and_counted_in_advance(self, curves, fitted, trained):
        assert len(fitted) == measuring.fits(trained)

    def test_the_models_that_are_fitted_again_are_those_of_the_comparison(self, trained, dataset):
        scores, data = trained.contenders[0].out_of_fold, measuring.Rows.of(dataset)
        pipeline = measuring._without(data, trained, scores.fold != 0, 0, lambda: None)
        inside = scores.fold == 0
        again = pipeline.predict_proba(data.x[inside])[:, 1]
        assert again == pytest.approx(scores.full[inside], abs=1e-12)

    def test_the_same_seed_draws_the_same_curves(self, curves, trained, dataset):
        assert measuring.measure(trained, dataset) == curves

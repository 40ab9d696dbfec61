"""From scores to figures."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from podforecast.evaluation import measure
from podforecast.evaluation.confusion import confusion
from podforecast.evaluation.trial import Method, sample, subset_rows
from podforecast.model import alarms, metrics
from podforecast.model.resampling import interval
from podforecast.model.threshold import AlertBudget


def method(trial, *, calibration, test, **other):
    return Method(name="made-up", title="made-up", kind="model",
                  calibration=calibration, test=test, **other)  # fmt: skip


@pytest.fixture
def oracle(trial):
    """Knows the labels."""
    return method(trial, calibration=trial.train.y * 1.0, test=trial.test.y * 1.0)


def test_who_knows_the_labels_has_nothing_left_to_win(trial, oracle):
    found = measure.judge(trial, oracle)
    assert found.ranked["all"].roc_auc.low == 1.0
    assert found.ranked["all"].average_precision.low == 1.0
    for operated in found.operated:
        assert operated.false_alarms == 0
        assert operated.recall["all"].share.value == 1.0


def test_a_coin_ranks_at_one_half_and_at_the_prevalence(trial):
    rng = np.random.default_rng(3)
    coin = method(trial, calibration=None, test=rng.random(len(trial.test)))
    found = measure.judge(trial, coin).ranked["all"]
    assert found.roc_auc.value == pytest.approx(0.5, abs=0.06)
    assert found.average_precision.value == pytest.approx(found.prevalence, abs=0.06)
    assert measure.judge(trial, coin).operated == ()


def test_counts_at_a_threshold_are_those_of_the_alarm_report(trial):
    score = np.random.default_rng(3).random(len(trial.test)) + 0.3 * trial.test.y
    found, expected = measure.operated(trial, score, 0.9), alarms.report(trial.test, score, 0.9)
    assert found.false_alarms == expected.false_alarms
    assert found.notifications == expected.notifications
    assert found.false_per_100_pod_hours.value == pytest.approx(expected.false_per_100_pod_hours)
    assert found.precision.value == pytest.approx(expected.precision)
    for name, caught in expected.subsets.items():
        recall = found.recall[name]
        assert (recall.failures, recall.caught) == (caught.failures, caught.caught)
        assert recall.lead_minutes_median == pytest.approx(caught.lead_minutes_median, nan_ok=True)


@pytest.mark.parametrize(
    ("part", "low", "high"),
    [
        pytest.param(0, 0.0, 1 - 0.025 ** (1 / 60), id="none-of-sixty-pods"),
        pytest.param(1, 0.025 ** (1 / 60), 1.0, id="all-of-sixty-pods"),
    ],
)
def test_all_or_nothing_is_never_certain(trial, part, low, high):
    whole = np.full(60, 3.0)
    found = measure.share(trial.draws, part * whole, whole)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_no_false_alarm_is_not_a_rate_of_zero(trial):
    """Poisson: none in h hours is compatible with 3.69 / h."""
    found = measure.rate(trial.draws, np.zeros(60), np.full(60, 0.5))
    assert found.high == pytest.approx(100 * 3.689 / 30, rel=1e-3)


def test_rows_are_counted_by_what_was_said_and_what_happened(trial):
    score = np.random.default_rng(3).random(len(trial.test)) + 0.3 * trial.test.y
    found = confusion(trial, "made-up", score, 0.8)
    said = score >= 0.8
    expected = confusion_matrix(trial.test.y, said).ravel().tolist()
    assert [found.quiet, found.false_alarms, found.missed, found.true_alarms] == expected
    for figure, metric in ((found.precision, precision_score), (found.recall, recall_score),
                           (found.f1, f1_score)):  # fmt: skip
        assert figure.value == pytest.approx(metric(trial.test.y, said))


def test_thresholds_come_from_the_training_side_alone(trial):
    """Test scores that are ten times as high must not raise the threshold."""
    score = np.random.default_rng(3).random(len(trial.train))
    loud = method(trial, calibration=score, test=10 + np.arange(len(trial.test), dtype=float))
    [found] = measure.judge(trial, loud, [AlertBudget(20.0)]).operated
    assert found.threshold <= 1.0
    assert found.false_per_100_pod_hours.value > 20.0


def test_a_rule_is_also_judged_where_people_run_it(trial):
    rule = method(trial, calibration=trial.train.time, test=trial.test.time, usual=np.inf)
    usual, *tuned = measure.judge(trial, rule).operated
    assert usual.budget_per_100_pod_hours is None
    assert usual.allowed is None
    assert [point.budget_per_100_pod_hours for point in tuned] == [1.0, 5.0, 20.0]


def test_a_budget_that_few_rows_can_not_resolve_is_marked(trial, oracle):
    found = {o.budget_per_100_pod_hours: o for o in measure.judge(trial, oracle).operated}
    assert found[1.0].allowed == pytest.approx(trial.test.pod_hours / 100)
    assert not found[1.0].resolvable


def test_saying_the_prevalence_of_every_row_is_calibrated_and_useless(trial):
    prevalence = float(trial.test.y.mean())
    found = measure.calibrated(trial, np.full(len(trial.test), prevalence))
    assert found.calibration_error.value == pytest.approx(0.0, abs=1e-12)
    assert found.brier.value == pytest.approx(found.brier_of_prevalence)


def test_calibration_is_what_the_metrics_say_in_every_round(trial):
    probability = np.random.default_rng(3).beta(1, 8, len(trial.test))
    y, draws = trial.test.y, trial.draws
    found = measure.calibrated(trial, probability)
    weights = [counts[draws.row_pod] for counts in draws.counts]
    pairs = (
        (found.brier, metrics.brier),
        (found.calibration_error, metrics.expected_calibration_error),
    )
    for figure, metric in pairs:
        resampled = [metric(y, probability, weight=weight) for weight in weights]
        expected = interval(metric(y, probability), resampled)
        assert (figure.value, figure.low, figure.high) == pytest.approx(
            (expected.value, expected.low, expected.high)
        )


def test_subsets_share_their_quiet_rows_and_part_the_others(trial):
    rows = subset_rows(trial.test)
    quiet = set(np.flatnonzero(trial.test.y == 0))
    assert all(quiet <= set(chosen) for chosen in rows.values())
    causes = [set(chosen) - quiet for name, chosen in rows.items() if name.startswith("cause:")]
    assert sum(map(len, causes)) == int(trial.test.y.sum())


def test_differences_are_paired_and_cover_three_figures(trial, oracle):
    found = measure.differences(trial, oracle, [oracle])
    assert {d.metric for d in found} == {
        "average precision", "ROC-AUC", "recall at 5 per 100 pod-hours",
    }  # fmt: skip
    assert all(d.difference.value == 0.0 and not d.settled for d in found)


def test_a_sample_says_how_many_failures_its_rows_announce(trial):
    found = sample(trial.test)
    assert found.failures == len(set(trial.test.failure) - {-1})
    assert found.prevalence == pytest.approx(trial.test.y.mean())
    assert set(found.campaigns) == set(trial.test.campaigns)

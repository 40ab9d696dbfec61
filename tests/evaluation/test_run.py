"""A whole evaluation, on made-up campaigns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from podforecast.domain.catalogue import FEATURE_NAMES, feature_index
from podforecast.errors import DataUnusable
from podforecast.evaluation import contestants, judging
from podforecast.evaluation.baselines import BASELINES
from podforecast.evaluation.judging import Material, Plan
from podforecast.evaluation.measure import judge
from podforecast.evaluation.run import evaluate
from podforecast.model import alarms
from podforecast.model.importance import Shuffles, group_of, grouped_importance, groups
from podforecast.model.sweep import alarm_curve, announced_by

QUICK_PLAN = Plan(rounds=2, seed=1, repeats=1)


def test_a_model_that_was_trained_on_the_test_campaign_is_refused(train, saved):
    with pytest.raises(DataUnusable, match="trained on alpha, which is to judge it"):
        evaluate(Material(train=train, test=train, scorer=saved), QUICK_PLAN)


def test_a_table_that_allows_no_honest_split_is_refused(train, saved):
    timeless = replace(
        train, time=np.zeros(len(train)), workload=np.zeros(len(train), dtype=np.int64)
    )
    with pytest.raises(DataUnusable, match="time split"):
        evaluate(Material(train=timeless, test=None, scorer=saved), QUICK_PLAN)


def test_a_table_without_times_is_judged_on_the_splits_it_allows(train, saved):
    timeless = replace(
        train,
        time=np.zeros(len(train)),
        failures=(),
        failure=np.full(len(train), -1),
        failure_pod=np.empty(0, dtype=np.int64),
    )
    found = evaluate(Material(train=timeless, test=None, scorer=saved), QUICK_PLAN)
    assert [split.name for split in found.report.splits] == ["workload-disjoint", "random"]
    assert found.headline.result.name == "workload-disjoint"
    assert "time split" in found.remarks[0]


def test_every_split_is_there_and_unseen_campaigns_decide(outcome):
    names = [split.name for split in outcome.report.splits]
    assert names == ["time", "workload-disjoint", "campaign-disjoint", "random"]
    assert outcome.headline.result.name == "campaign-disjoint"
    assert outcome.report.headline.test.campaigns == ("gamma-xyz",)


def test_the_saved_model_itself_is_scored_on_unseen_campaigns(outcome, saved, unseen):
    model = outcome.headline.methods[0]
    assert model.test.tolist() == saved.score(unseen.x).tolist()


def test_every_honest_split_has_both_situations_all_baselines_and_the_timetable(outcome):
    for split in outcome.report.splits[:-1]:
        kinds = [judgement.kind for judgement in split.judgements]
        assert kinds.count("model") == 2
        assert kinds.count("rule") == len(BASELINES)
        assert kinds.count("leak check") == 5


def test_other_candidates_are_ranked_beside_the_chosen_one_without_thresholds(trial, saved):
    [other] = contestants.of_candidates(trial, contestants.recipes(saved.manifest), 1, 1)
    judgement = judge(trial, other)
    assert judgement.kind == "candidate"
    assert judgement.ranked["with_precursor"].roc_auc.value > 0.8
    assert judgement.operated == ()


def test_every_canary_of_made_up_campaigns_lives(outcome):
    assert [check.name for check in outcome.report.checks if not check.passed] == []
    assert len(outcome.report.checks) >= 10


def test_the_model_beats_a_coin_where_memory_announces_failures(outcome):
    ranked = outcome.report.headline.judgements[0].ranked
    assert ranked["with_precursor"].roc_auc.low > 0.8
    assert ranked["cause:exit"].roc_auc.low < 0.6


def test_the_same_seed_gives_the_same_figures(outcome, train, unseen, saved):
    material = Material(train=train, test=unseen, scorer=saved)
    again = judging.by_time(material, Plan(rounds=8, seed=1)).result
    assert str(again) == str(outcome.report.split("time"))


def test_every_step_is_told_in_order(outcome, steps):
    assert outcome.report
    assert tuple(steps) == judging.STEPS


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_every_feature_belongs_to_a_group(name):
    assert name in groups()[group_of(name)]


def test_a_feature_of_a_new_kind_asks_for_a_group():
    with pytest.raises(KeyError, match="'colour_of_pod' belongs to no group"):
        group_of("colour_of_pod")


def test_only_the_group_that_a_score_reads_is_important(trial):
    column = feature_index("memory_usage_pct")
    found = grouped_importance(
        trial.test.y,
        trial.test.x,
        lambda x: np.nan_to_num(x[:, column]),
        Shuffles(repeats=2, rng=np.random.default_rng(1)),
    )
    assert found[0].group == "memory"
    assert found[0].loss.low > 0
    assert {importance.loss.value for importance in found[1:]} == {0.0}


def test_a_lower_threshold_never_catches_less(trial):
    score = np.random.default_rng(1).random(len(trial.test)) + 0.2 * trial.test.y
    curve = alarm_curve(trial.test, score)
    assert (np.diff(curve.false_per_100_pod_hours) >= 0).all()
    assert all((np.diff(recall) >= 0).all() for recall in curve.recall.values())


def test_failures_are_announced_earlier_or_later_but_never_twice(trial):
    score = trial.test.y * 1.0
    minutes, share = announced_by(trial.test, score, 0.5, "all")
    assert (np.diff(minutes) <= 0).all()
    assert share[-1] == 1.0
    failures, expected = alarms.lead_minutes(trial.test, score, 0.5)
    assert len(minutes) == len(failures)
    assert sorted(minutes) == pytest.approx(sorted(expected))

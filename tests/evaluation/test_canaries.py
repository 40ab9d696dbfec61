"""The canaries die where they should, and live where they should."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.tables import concatenate
from podforecast.evaluation import canaries, contestants, leaks
from podforecast.evaluation.figures import SplitResult
from podforecast.evaluation.measure import judge
from podforecast.evaluation.trial import Trial, sample
from podforecast.model import metrics
from podforecast.model.fitting import Recipe
from podforecast.model.splits import Split, random_split, time_split, workload_split

RECIPE = Recipe(name="LogisticRegression", parameters={"C": 0.01, "max_iter": 30})
FIT = contestants.plain_fit(RECIPE, seed=1)


def nearest_neighbour(train):
    """Learn every row by heart: what a random split rewards."""
    known = {row.tobytes(): label for row, label in zip(train.x, train.y, strict=True)}
    return lambda x: np.array([float(known.get(row.tobytes(), 0)) for row in x])


def test_labels_shuffled_among_rows_can_not_be_learned(train):
    check = canaries.shuffled_labels(train, time_split(train), FIT, np.random.default_rng(1))
    assert check.passed, check.found


def test_rows_on_both_sides_kill_the_canary_of_shuffled_labels(train):
    split = time_split(train)
    doubled = Split(name="doubled", train=split.train, test=split.train[::2])
    check = canaries.shuffled_labels(train, doubled, nearest_neighbour, np.random.default_rng(1))
    assert not check.passed


def test_labels_of_another_pod_can_not_be_learned(train):
    check = canaries.labels_of_another_pod(train, time_split(train), FIT, np.random.default_rng(1))
    assert check.passed, check.found


def test_a_clock_among_the_features_kills_the_canary_of_other_pods_labels(campaign):
    leaky = concatenate(
        [campaign(name=n, timetable=True, ticks=240).dataset() for n in ("a", "b-x")]
    )
    minutes = (leaky.time - leaky.time.min()) % 900
    x = leaky.x.copy()
    x[:, 0] = minutes
    check = canaries.labels_of_another_pod(
        replace(leaky, x=x), time_split(leaky), FIT, np.random.default_rng(1)
    )
    assert not check.passed


@pytest.mark.parametrize(
    ("embargo", "passed"),
    [
        pytest.param(timedelta(minutes=8), True, id="as-asked"),
        pytest.param(timedelta(0), False, id="none"),
    ],
)
def test_the_embargo_of_a_split_in_time_is_measured_not_believed(train, embargo, passed):
    assert canaries.embargo(train, time_split(train, embargo=embargo)).passed is passed


def test_a_random_split_announces_failures_on_both_sides(train):
    assert canaries.no_shared_failure(train, time_split(train)).passed
    assert not canaries.no_shared_failure(train, random_split(train, seed=1)).passed


def test_workloads_on_both_sides_are_counted(train):
    split = workload_split(train, seed=1)
    assert canaries.disjoint(split, train.workload, "workloads").passed
    check = canaries.disjoint(time_split(train), train.workload, "workloads")
    assert (check.passed, check.found) == (False, "20")


def test_a_campaign_that_was_trained_on_is_named():
    check = canaries.unseen(("monday", "tuesday"), ("tuesday",))
    assert (check.passed, check.found) == (False, "tuesday")


def test_other_recordings_than_those_trained_on_are_noticed():
    assert not canaries.same_data("abc", "abd").passed


def judged_by_the_clock(dataset):
    split = time_split(dataset)
    trial = Trial.of(dataset, split, rounds=20, rng=np.random.default_rng(1))
    judgements = tuple(judge(trial, one) for one in leaks.methods(dataset, split, seed=1))
    return canaries.timetable(
        SplitResult(name="time", meaning="", train=sample(trial.train), test=sample(trial.test),
                    judgements=judgements)
    )  # fmt: skip


def test_failures_at_random_times_can_not_be_told_by_the_clock(train):
    assert judged_by_the_clock(train).passed


def test_a_timetable_is_found_by_the_clock(campaign):
    leaky = concatenate(
        [campaign(name=n, timetable=True, ticks=300).dataset() for n in ("a", "b-x")]
    )
    assert not judged_by_the_clock(leaky).passed


def test_the_time_since_the_last_failure_looks_back_only(train):
    since = leaks.schedule(train)["minutes since the last failure anywhere"]
    inside = train.campaign == 0
    own = [f.at for f, pod in zip(train.failures, train.failure_pod, strict=True) if pod < 30]
    for row in np.flatnonzero(inside)[::97]:
        past = [at for at in own if at <= train.time[row]]
        start = max(past) if past else train.time[inside].min()
        assert since[row] == pytest.approx((train.time[row] - start) / 60)


def test_names_and_timestamps_are_no_features():
    keys = {
        "pod_id",
        "pod",
        "pod_name",
        "namespace",
        "workload",
        "timestamp",
        "time",
        "uid",
        "node",
    }
    assert not keys & set(FEATURE_NAMES)


def test_borrowed_labels_keep_their_times(train):
    borrowed = canaries._borrowed(train, np.random.default_rng(1))
    assert borrowed.sum() == pytest.approx(train.y.sum(), abs=5)
    assert metrics.roc_auc(train.y, borrowed) < 0.6

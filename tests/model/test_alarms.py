"""Notifications and failures caught, worked out by hand on one or two pods."""

from __future__ import annotations

import math

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.tables import Dataset
from podforecast.model import alarms

START = 1.7e9


def rows_of(*minutes_by_pod, failures=()):
    """A dataset with rows at the given minutes per pod; failures as (pod, minute, cause)."""
    pod = np.repeat(np.arange(len(minutes_by_pod)), [len(m) for m in minutes_by_pod])
    time = START + 60.0 * np.concatenate([np.asarray(m, dtype=float) for m in minutes_by_pod])
    drawn = [
        Failure(pod=PodRef("n", str(owner)), at=START + 60.0 * minute, cause=FailureCause(cause),
                first=index == 0, precursor=cause == "oom")
        for index, (owner, minute, cause) in enumerate(failures)
    ]  # fmt: skip
    announced = np.full(len(pod), -1, dtype=np.int64)
    for index, (owner, _, _) in reversed(list(enumerate(failures))):
        left = drawn[index].at - time
        announced[(pod == owner) & (left > 0) & (left <= 300)] = index
    names = tuple(f"c/n/{k}" for k in range(len(minutes_by_pod)))
    return Dataset(
        x=np.zeros((len(pod), len(CATALOGUE))),
        y=(announced >= 0).astype(np.int8),
        time=time,
        pod=pod,
        workload=pod,
        campaign=np.zeros_like(pod),
        failure=announced,
        pods=names,
        workloads=names,
        campaigns=("c",),
        failures=tuple(drawn),
        failure_pod=np.array([owner for owner, _, _ in failures], dtype=np.int64),
        step_seconds=60.0,
    )


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        pytest.param([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [], id="never-above"),
        pytest.param([math.nan] * 12, [], id="never-scored"),
        pytest.param([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [2], id="one-spike"),
        pytest.param([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [0, 5, 10], id="again-each-horizon"),
        pytest.param([1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0], [0, 5, 10], id="quiet-in-between"),
        pytest.param([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1], [0, 6, 11], id="later-than-a-horizon"),
    ],
)
def test_a_pod_is_notified_again_only_after_a_horizon(score, expected):
    dataset = rows_of(range(12))
    marked = alarms.notified(dataset, np.array(score, dtype=float), 1.0)
    assert np.flatnonzero(marked).tolist() == expected


def test_pods_are_notified_independently_whatever_the_order_of_rows():
    dataset = rows_of(range(12), range(3, 12))
    shuffled = np.random.default_rng(0).permutation(len(dataset))
    marked = alarms.notified(dataset.rows(shuffled), np.ones(len(dataset)), 0.5)
    found = sorted(zip(dataset.pod[shuffled[marked]], dataset.time[shuffled[marked]], strict=True))
    minutes = [(int(pod), (time - START) / 60) for pod, time in found]
    assert minutes == [(0, 0), (0, 5), (0, 10), (1, 3), (1, 8)]


def test_agrees_with_a_plain_loop():
    rng = np.random.default_rng(5)
    dataset = rows_of(*(np.flatnonzero(rng.random(60) < 0.8) for _ in range(7)))
    score = rng.random(len(dataset))
    expected, silent_until = [], {}
    for row in np.lexsort((dataset.time, dataset.pod)):
        quiet = dataset.time[row] < silent_until.get(dataset.pod[row], -1)
        expected.append((row, bool(score[row] >= 0.7 and not quiet)))
        if expected[-1][1]:
            silent_until[dataset.pod[row]] = dataset.time[row] + 300
    marked = alarms.notified(dataset, score, 0.7)
    assert all(marked[row] == loud for row, loud in expected)


def test_an_alarm_within_the_horizon_is_true_and_one_before_it_is_false():
    dataset = rows_of(range(12), failures=[(0, 11.5, "oom")])
    seen = alarms.report(dataset, np.ones(12), 0.5)
    assert (seen.notifications, seen.false_alarms) == (3, 2)
    assert seen.precision == pytest.approx(1 / 3)
    assert seen.pod_hours == pytest.approx(0.2)
    assert seen.false_per_100_pod_hours == pytest.approx(1000)


def test_a_failure_is_caught_by_any_row_of_its_horizon_even_while_silent():
    dataset = rows_of(range(9), failures=[(0, 8.5, "oom")])
    score = np.zeros(9)
    score[[3, 4]] = 1  # notified at 3, too early; 4 is within the horizon, but silent
    seen = alarms.report(dataset, score, 0.5)
    assert seen.false_alarms == 1
    assert seen.subsets["all"].caught == 1
    assert seen.subsets["all"].lead_minutes_median == pytest.approx(4.5)


def test_failures_are_reported_by_kind_and_by_cause():
    dataset = rows_of(
        range(20), range(20), failures=[(0, 6.5, "oom"), (0, 16.5, "exit"), (1, 9.5, "exit")]
    )
    score = np.where((dataset.pod == 0) & (dataset.failure >= 0), 1.0, 0.0)
    subsets = alarms.report(dataset, score, 0.5).subsets
    recalls = {name: caught.recall for name, caught in subsets.items()}
    assert recalls == {
        "all": pytest.approx(2 / 3),
        "first": 1.0,
        "with_precursor": 1.0,
        "cause:exit": 0.5,
        "cause:oom": 1.0,
    }


def test_without_failures_recall_and_lead_are_unknown():
    seen = alarms.report(rows_of(range(5)), np.zeros(5), 0.5)
    assert math.isnan(seen.subsets["all"].recall)
    assert math.isnan(seen.subsets["all"].lead_minutes_p10)
    assert math.isnan(seen.precision)


def test_failures_that_no_row_could_announce_are_counted_apart():
    dataset = rows_of(
        [0, 1, 12, 13, 14],  # down from minute 2 to 11
        range(15),
        failures=[(0, 10.5, "exit"), (1, 12.5, "oom"), (1, 300, "oom")],
    )
    seen = alarms.report(dataset, np.zeros(len(dataset)), 0.5)
    assert seen.never_scored == 1
    assert seen.subsets["all"].failures == 1

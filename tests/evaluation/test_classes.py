"""Kinds of trouble and statuses, judged beside the rules they have to beat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.statuses import StatusRows
from podforecast.domain.telemetry import Array
from podforecast.evaluation.class_tables import target_tables
from podforecast.evaluation.classes import Judges, judged_targets
from podforecast.evaluation.plots.classes import class_matrices
from podforecast.model.targets.forecaster import NO_TARGETS, Targets
from tests.api.fake_targets import fake_targets, record

RUNNING, CRASH, GONE = 0, 4, 6
TRANSITIONS = ((900, 60, 40), (0,) * 3, (0,) * 3, (0,) * 3, (30, 60, 10), (0,) * 3, (0,) * 3)


@dataclass
class FakeScorer:
    """Not a model: the probability is memory use."""

    targets: Targets = field(default_factory=fake_targets)
    threshold: float = 0.8

    def score(self, values: Array) -> Array:
        return np.clip(values[:, feature_index("memory_usage_pct")] / 100.0, 0.001, 0.999)


def transitions(targets: Targets) -> Targets:
    statuses = targets.pod_status
    seen = ("Running", "CrashLoopBackOff", "Error")
    told = record("Running", "CrashLoopBackOff", "NotFound", seen_now=seen, transitions=TRANSITIONS)
    return replace(targets, pod_status=replace(statuses, record=told))


@pytest.fixture(scope="module")
def statuses():
    """A hundred rows that run on, ten that begin to crash, five that crash on, one Pending."""
    now = np.array([RUNNING] * 110 + [CRASH] * 5 + [1], dtype=np.int8)
    later = np.array([RUNNING] * 100 + [CRASH] * 15 + [RUNNING], dtype=np.int8)
    n = len(now)
    return StatusRows(
        x=np.zeros((n, len(CATALOGUE)), np.float32), now=now, later=later, time=np.arange(n) * 15.0,
        pod=np.arange(n) % 20, workload=np.zeros(n, np.int64), campaign=np.zeros(n, np.int64),
        weight=np.ones(n), pods=("p",) * 20, workloads=("w",), campaigns=("made-up",),
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(unseen, statuses):
    scorer = FakeScorer(transitions(fake_targets()))
    judges = Judges(rounds=20, rng=np.random.default_rng(1))
    return {each.name: each for each in judged_targets(scorer, unseen, statuses, judges)}


def test_a_model_without_targets_is_not_judged_by_them(unseen, statuses):
    judges = Judges(rounds=2, rng=np.random.default_rng(1))
    assert judged_targets(FakeScorer(NO_TARGETS), unseen, statuses, judges) == ()


def test_without_failures_or_statuses_there_is_nothing_to_judge(unseen):
    judges = Judges(rounds=2, rng=np.random.default_rng(1))
    quiet = unseen.rows(unseen.failure < 0)
    assert judged_targets(FakeScorer(), quiet, None, judges) == ()


def test_trouble_is_judged_as_told_and_given_a_failure(found, unseen):
    assert list(found) == ["issue_type", "issue_type_given_failure", "pod_status"]
    assert found["issue_type"].rows == len(unseen)
    assert found["issue_type_given_failure"].rows == int((unseen.failure >= 0).sum())
    assert "none" not in found["issue_type_given_failure"].classes


def test_staying_what_it_is_catches_no_change_however_accurate(found):
    model, stays, _ = found["pod_status"].methods
    assert stays.title == "stays what it is"
    assert stays.accuracy.value == pytest.approx(105 / 116)
    assert (stays.changes.changes, stays.changes.told) == (11, 0)
    assert stays.changes.recall.value == 0.0
    assert model.log_loss.value < stays.log_loss.value


def test_what_usually_follows_is_a_baseline_too(found):
    usual = found["pod_status"].methods[2]
    assert usual.title == "what usually follows"
    assert usual.is_baseline


def test_the_confusion_counts_every_row_once(found):
    for target in found.values():
        for method in target.methods:
            assert sum(map(sum, method.confusion)) == target.rows


def test_figures_of_a_class_follow_from_its_counts(found):
    model = found["pod_status"].methods[0]
    crash = next(each for each in model.classes if each.name == "CrashLoopBackOff")
    assert crash.rows == 15
    assert crash.recall.value == pytest.approx(5 / 15)
    assert crash.precision.value == 1.0


def test_tables_name_their_rows_and_baselines(found):
    methods, classes, matrix = target_tables(found["pod_status"])
    assert [row[0] for row in methods.rows] == ["model", "stays what it is", "what usually follows"]
    assert "changes told" in methods.header
    assert "116 rows of 20 pods" in methods.about
    assert len(classes.rows) == len(matrix.rows)


def test_the_picture_has_the_model_beside_its_baseline(found):
    figure = class_matrices(found["issue_type"])
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert ["model" in title for title in titles] == [True, False]

"""Whether explanations name the injected cause: which moment counts, and what counts as naming."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from lab.campaign.kinds import KINDS
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.explanation import Contributions
from podforecast.domain.pods import FailureCause
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.evaluation import naming, tables
from podforecast.evaluation.draws import PodDraws
from podforecast.evaluation.own_signals import NAMES_NOBODY, OWN_SIGNALS, is_own
from podforecast.explain.reasons import explain

MEMORY, CPU = feature_index("memory_usage_pct"), feature_index("cpu_usage_pct")
THRESHOLD = 0.5


class FakeScorer:
    """Reads the probability off the CPU column, and blames one feature."""

    threshold = THRESHOLD

    def __init__(self, blamed: str, part: float = 1.0) -> None:
        self._blamed, self._part = feature_index(blamed), part
        self.asked: list[np.ndarray] = []

    def score(self, values):
        return values[:, CPU]

    def contributions(self, values):
        self.asked.extend(values)
        parts = np.zeros(values.shape)
        parts[:, self._blamed] = self._part
        odds = np.full(len(values), self._part)
        return Contributions(method="exact", base=np.zeros(len(values)), parts=parts, log_odds=odds)


def ticking():
    """Fake: a clock that is a second further whenever it is asked."""
    seconds = count()
    return lambda: float(next(seconds))


@pytest.fixture
def dataset(unseen):
    """The made-up campaign, its gradual failures leaks and the others crashes; quiet throughout."""
    failures = tuple(
        replace(f, fault_kind="leak_linear" if f.cause is FailureCause.OOM else "crash")
        for f in unseen.failures
    )
    x = unseen.x.copy()
    x[:, CPU], x[:, MEMORY] = 0.0, 60.0
    return replace(unseen, x=x, failures=failures)


def found_of(dataset, scorer):
    return naming.told(dataset, scorer, clock=ticking())


def measured_of(dataset, scorer):
    draws = PodDraws(dataset, rounds=20, rng=np.random.default_rng(1))
    return naming.measured(dataset, found_of(dataset, scorer), draws)


def test_a_kind_of_fault_that_nobody_thought_of_is_refused():
    with pytest.raises(KeyError, match="meteor"):
        is_own("cpu_usage_pct", "meteor")


def test_every_fault_of_the_lab_has_its_signals_written_down():
    assert OWN_SIGNALS.keys() == {kind.name for kind in KINDS.values() if not kind.benign}
    assert {name for own in OWN_SIGNALS.values() for name in own} <= set(SIGNAL_NAMES)


def test_a_fault_with_a_precursor_has_a_signal_of_its_own():
    gradual = {kind.name for kind in KINDS.values() if not kind.benign and not kind.sudden}
    assert all(OWN_SIGNALS[kind] for kind in gradual)


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_every_feature_says_which_signals_it_is_computed_from(feature):
    assert feature.signals


@pytest.mark.parametrize(
    ("feature", "fault", "expected"),
    [
        pytest.param("memory_minutes_to_limit", "leak_steps", True, id="own"),
        pytest.param("node_memory_pct", "leak_steps", False, id="of-the-node"),
        pytest.param("node_memory_pct", "node_pressure", True, id="a-full-node"),
        pytest.param("requests_in_flight", "slow_dependency", True, id="computed-from-it"),
        pytest.param("scrape_seconds", "cpu_ramp", False, id="symptom"),
        *(
            pytest.param(name, "leak_linear", False, id=f"vague-{name}")
            for name in sorted(NAMES_NOBODY)
        ),
    ],
)
def test_what_is_a_causes_own(feature, fault, expected):
    assert is_own(feature, fault) is expected


def test_the_latest_moment_at_risk_is_explained_though_later_ones_were_calm(dataset):
    index = int(dataset.failure[dataset.failure >= 0][0])
    rows = np.flatnonzero(dataset.failure == index)
    x = dataset.x.copy()
    x[rows[:2], CPU] = 0.9
    scorer = FakeScorer("memory_usage_pct")
    found = found_of(replace(dataset, x=x), scorer)
    place = int(np.flatnonzero(found.failure == index)[0])
    assert found.announced.tolist().count(True) == 1
    assert found.announced[place]
    assert scorer.asked[place].tolist() == pytest.approx(x[rows[1]].tolist(), nan_ok=True)


def test_a_failure_that_was_never_at_risk_is_explained_at_its_last_forecast(dataset):
    scorer = FakeScorer("memory_usage_pct")
    found = found_of(dataset, scorer)
    for failure, row in zip(found.failure, scorer.asked, strict=True):
        last = np.flatnonzero(dataset.failure == failure)[-1]
        assert row.tolist() == pytest.approx(dataset.x[last].tolist(), nan_ok=True)


@pytest.mark.parametrize(
    ("scorer", "share"),
    [
        pytest.param(FakeScorer("memory_usage_pct"), 1.0, id="the-cause"),
        pytest.param(FakeScorer("replica_count"), 0.0, id="something-else"),
        pytest.param(FakeScorer("memory_usage_pct", part=-1.0), 0.0, id="as-calming"),
    ],
)
def test_a_cause_is_named_by_a_reason_that_raises_the_risk(dataset, scorer, share):
    found = measured_of(dataset, scorer)
    assert found.with_precursor.share.value == share
    assert found.by_fault.keys() == {"leak_linear"}
    assert (found.announced.failures, found.sudden.failures) == (0, 0)


def test_what_has_no_signal_of_its_own_is_counted_apart(dataset):
    found = measured_of(dataset, FakeScorer("memory_usage_pct"))
    announced = np.unique(dataset.failure[dataset.failure >= 0])
    crashes = sum(dataset.failures[index].fault_kind == "crash" for index in announced)
    assert found.without_own_signal == crashes > 0
    assert found.with_precursor.failures == len(announced) - crashes


def test_a_fourth_reason_names_nothing(dataset):
    row = dataset.x[0]
    parts = np.zeros((1, len(CATALOGUE)))
    for name, part in (
        ("cpu_usage_pct", 0.9), ("replica_count", 0.8), ("disk_usage_pct", 0.7),
        ("memory_usage_pct", 0.6),
    ):  # fmt: skip
        parts[0, feature_index(name)] = part
    row = np.where(np.isnan(row), 1.0, row)
    told = Contributions(
        method="exact", base=np.zeros(1), parts=parts, log_odds=parts.sum(axis=1)
    )  # fmt: skip
    assert not naming.names(explain(row, told), "leak_linear")
    assert naming.names(explain(row, told), "cpu_ramp")


def test_the_first_reason_is_held_against_it_alone_as_well(dataset):
    found = measured_of(dataset, FakeScorer("memory_usage_pct"))
    assert found.by_first == found.with_precursor
    assert (found.fixed_share, found.fixed_first) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("most", "share"), [pytest.param(1, 0.5, id="one"), pytest.param(2, 0.75, id="two")]
)
def test_a_fixed_list_names_the_commonest_causes(most, share):
    kinds = ["leak_linear", "leak_steps", "connection_leak", "error_exit"]
    assert naming.best_fixed(kinds, most) == share


def test_failures_of_unknown_cause_are_left_out(unseen):
    assert not len(found_of(unseen, FakeScorer("memory_usage_pct")).failure)


def test_the_table_has_a_line_for_each_share(dataset):
    table = tables.naming_table(measured_of(dataset, FakeScorer("memory_usage_pct")))
    assert [row[0] for row in table.rows] == [
        "announced, with precursor", "all with precursor",
        "all with precursor, by the first reason alone", "sudden, with a signal of their own",
        "leak_linear",
    ]  # fmt: skip
    assert {len(row) for row in table.rows} == {len(table.header)}

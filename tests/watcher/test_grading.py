"""What came of a forecast: case by case, and against the judgement of a whole table at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.history import Outcome, ScanRecord
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.tables import Dataset
from podforecast.model import alarms
from podforecast.model.labels import announced_failures, just_failed
from podforecast.watcher.grading import Evidence, grade, is_due, not_judged
from podforecast.watcher.kept_scans import KeptScans
from podforecast.watcher.snapshot import by_pod

STEP = 60.0
HORIZON = 300.0
THRESHOLD = 0.5
PODS = tuple(PodRef("shop", f"cart-{number}") for number in range(3))
CALM, AT_RISK, UNKNOWN, FAILING, ABSENT = ".", "#", "?", "x", " "
PROBABILITY = {CALM: 0.1, AT_RISK: 0.9, UNKNOWN: np.nan, FAILING: np.nan}


@dataclass(frozen=True)
class Story:
    """Made-up scans, one a minute; a text per pod says how each found it, "" = no such scan."""

    signs: tuple[str, ...]
    failed: tuple[tuple[int, float], ...] = ()
    """Pod and minute."""
    missing: frozenset[int] = frozenset()
    """Minutes without a scan."""

    @property
    def failures(self) -> tuple[Failure, ...]:
        return tuple(
            Failure(pod=PODS[pod], at=STEP * minute, cause=FailureCause.OOM, first=True)
            for pod, minute in sorted(self.failed, key=lambda each: each[1])
        )

    def records(self) -> list[ScanRecord]:
        minutes = (k for k in range(len(self.signs[0])) if k not in self.missing)
        return [self._record(minute) for minute in minutes]

    def _record(self, minute: int) -> ScanRecord:
        there = [k for k, signs in enumerate(self.signs) if signs[minute] != ABSENT]
        signs = [self.signs[k][minute] for k in there]
        return ScanRecord(
            at=STEP * minute,
            model_version="fake-1",
            threshold=THRESHOLD,
            horizon_seconds=HORIZON,
            pods=tuple(PODS[k] for k in there),
            workloads=("shop/cart",) * len(there),
            probability=np.array([PROBABILITY[sign] for sign in signs], dtype=np.float64),
            at_risk=np.array([sign == AT_RISK for sign in signs], dtype=bool),
            failing=np.array([sign == FAILING for sign in signs], dtype=bool),
        )


def graded(story: Story):
    """Grade as time goes by: nothing is known but what happened until each scan."""
    kept, notified, found, waiting = KeptScans(), {}, [], []
    for record in story.records():
        kept.add(record)
        waiting.append(record)
        known = by_pod([each for each in story.failures if each.at <= record.at])
        while waiting and is_due(waiting[0], record.at):
            scan = kept.at(waiting.pop(0).at)
            result, notified = grade(scan, Evidence(scans=kept, failures=known), notified)
            found.append((scan.record, result))
    return found


def outcomes_of(text: str, *failed: float, **changes) -> str:
    """Outcomes of the first pod, a sign per graded scan: n, F, or - where it was not judged."""
    story = Story((text, *changes.pop("others", ())), tuple((0, m) for m in failed), **changes)
    signs = {Outcome.NOTHING: "n", Outcome.FAILED: "F", Outcome.NOT_JUDGED: "-"}
    return "".join(
        signs[Outcome(result.outcomes[record.pods.index(PODS[0])])]
        for record, result in graded(story)
        if PODS[0] in record.pods
    )


class TestNotJudged:
    """Twelve scans of which the first six are due at the end."""

    @pytest.mark.parametrize(
        ("text", "failed", "expected"),
        [
            pytest.param("??..........", (), "--nnnn", id="no-probability"),
            pytest.param("xx..........", (), "--nnnn", id="failing"),
            pytest.param("............", (2.0,), "FF-nnn", id="just-failed"),
            pytest.param("............", (1.75,), "FF-nnn", id="fifteen-seconds-ago"),
            pytest.param("............", (1.5,), "FFnnnn", id="thirty-seconds-ago"),
            pytest.param("......      ", (), "n-----", id="the-pod-vanished"),
            pytest.param("..........  ", (), "nnnnn-", id="it-vanished-after-the-horizon-of-some"),
            pytest.param("......??????", (), "n-----", id="its-telemetry-ended"),
            pytest.param("..???.......", (), "-----n", id="a-gap-of-its-own"),
            pytest.param("..??........", (), "nn--nn", id="a-gap-that-a-window-bridges"),
            pytest.param("......xx....", (), "nnnnnn", id="seen-to-be-down-is-seen"),
        ],
    )
    def test_because_of_the_pod(self, text, failed, expected):
        assert outcomes_of(text, *failed, others=["." * len(text)]) == expected

    def test_a_pod_that_failed_and_was_replaced_did_fail(self):
        assert outcomes_of("....        ", 3.5, others=["." * 12]) == "FFFF"

    def test_nobody_watched_and_a_failure_that_is_known_all_the_same_does_not_count(self):
        assert outcomes_of("." * 16, 3.5, missing=frozenset({5, 6, 7})) == "-----nn"

    def test_scans_without_any_telemetry_are_none(self):
        assert outcomes_of(".....???......", 3.5, others=[".....???......"])[:5] == "-----"

    def test_a_scan_of_long_ago_has_no_outcome_at_all(self):
        record = Story(("#", ".")).records()[0]
        assert set(not_judged(record).outcomes) == {Outcome.NOT_JUDGED}
        assert not not_judged(record).notifications

    def test_without_pods_there_is_nothing_to_judge(self):
        (_, result), *_ = graded(Story((" " * 8,)))
        assert (len(result.outcomes), result.notifications, result.failures) == (0, (), ())


class TestFailuresAhead:
    @pytest.mark.parametrize(
        ("failed", "expected"),
        [
            pytest.param((5.0,), "FFFFF-n", id="at-the-end-of-the-horizon"),
            pytest.param((5.25,), "nFFFFFn", id="a-little-later"),
            pytest.param((0.0,), "-nnnnnn", id="not-ahead-of-itself"),
            pytest.param((), "nnnnnnn", id="never"),
        ],
    )
    def test_a_forecast_is_about_what_begins_within_the_horizon(self, failed, expected):
        assert outcomes_of("." * 13, *failed) == expected

    def test_nothing_is_graded_before_the_last_failure_can_be_known(self):
        record = Story((".",)).records()[0]
        assert not is_due(record, HORIZON + 29.0)
        assert is_due(record, HORIZON + 30.0)


def test_who_was_notified_of_longer_ago_than_a_horizon_is_forgotten():
    """Pods come and go for years; one that is notified of anew is not asked for its past."""
    kept = KeptScans(Story(("." * 12,)).records())
    scan = kept.at(5 * STEP)
    before = {PODS[1]: 0.0, PODS[2]: 1.0}
    _, notified = grade(scan, Evidence(scans=kept, failures={}), before)
    assert notified == {PODS[2]: 1.0}


class TestFailuresTold:
    def told(self, text, *failed):
        story = Story((text,), tuple((0, minute) for minute in failed))
        return [
            (each.failure.at / STEP, each.announced_minutes)
            for _, result in graded(story)
            for each in result.failures
        ]

    @pytest.mark.parametrize(
        ("text", "failed", "expected"),
        [
            pytest.param("." * 15, (4.5,), [(4.5, None)], id="without-a-warning"),
            pytest.param("..##" + "." * 11, (4.5,), [(4.5, 2.5)], id="from-the-first-warning"),
            pytest.param("##########.....", (6.0,), [(6.0, 5.0)], id="within-the-horizon"),
            pytest.param("#" + "." * 14, (6.0,), [(6.0, None)], id="too-early"),
            pytest.param("??????" + "." * 9, (5.5,), [], id="never-scorable-before"),
            pytest.param("#...#" + "." * 10, (3.0, 6.0), [(3.0, 3.0), (6.0, 2.0)], id="each-once"),
            pytest.param("." * 15, (0.0,), [], id="before-the-first-scan"),
        ],
    )
    def test_each_with_its_announcement(self, text, failed, expected):
        assert self.told(text, *failed) == expected


stories = st.integers(8, 24).flatmap(
    lambda length: st.builds(
        Story,
        st.lists(
            st.text(CALM + AT_RISK * 2 + FAILING, min_size=length, max_size=length),
            min_size=1,
            max_size=3,
        ).map(tuple),
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 4 * length).map(lambda k: k / 4)),
            max_size=6,
            unique=True,
        ).map(tuple),
    )
)
patchy_stories = st.integers(8, 24).flatmap(
    lambda length: st.builds(
        Story,
        st.lists(
            st.text(CALM * 2 + AT_RISK * 4 + "?x ", min_size=length, max_size=length),
            min_size=1,
            max_size=3,
        ).map(tuple),
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 4 * length).map(lambda k: k / 4)),
            max_size=6,
            unique=True,
        ).map(tuple),
        st.frozensets(st.integers(0, 23), max_size=5),
    )
)


def table_of(story: Story, judged) -> tuple[Dataset, np.ndarray]:
    """The judged rows as the table that a model is judged by, and their scores."""
    rows = [(pod, record.at) for record, _ in graded(story) for pod in PODS if judged(pod, record)]
    pod = np.array([PODS.index(pod) for pod, _ in rows], dtype=np.int64)
    time = np.array([at for _, at in rows], dtype=np.float64)
    announced = np.array(
        [announced_failures(np.array([at]), [one], story.failures)[0, 0] for one, at in rows],
        dtype=np.int64,
    )
    score = np.array([PROBABILITY[sign_of(story, one, at)] for one, at in rows], dtype=np.float64)
    names = tuple(str(pod) for pod in PODS)
    dataset = Dataset(
        x=np.zeros((len(rows), len(CATALOGUE))),
        y=(announced >= 0).astype(np.int8),
        time=time,
        pod=pod,
        workload=pod,
        campaign=np.zeros_like(pod),
        failure=announced,
        pods=names,
        workloads=names,
        campaigns=("c",),
        failures=story.failures,
        failure_pod=np.array([PODS.index(each.pod) for each in story.failures], dtype=np.int64),
        step_seconds=STEP,
    )
    return dataset, score


def sign_of(story: Story, pod: PodRef, at: float) -> str:
    row = PODS.index(pod)
    minute = round(at / STEP)
    there = row < len(story.signs) and minute < len(story.signs[0])
    return story.signs[row][minute] if there and minute not in story.missing else ABSENT


def is_scored(story: Story, pod: PodRef, at: float) -> bool:
    fresh = just_failed(np.array([at]), [pod], story.failures)[0, 0]
    return sign_of(story, pod, at) in (CALM, AT_RISK) and not fresh


def assert_same(story: Story, judged) -> None:
    """Hold scan-by-scan grades against the whole table."""
    found = graded(story)
    dataset, score = table_of(story, judged)
    marked = alarms.notified(dataset, score, THRESHOLD)
    expected = {
        (PODS[pod], at, bool(y))
        for pod, at, y in zip(
            dataset.pod[marked], dataset.time[marked], dataset.y[marked], strict=True
        )
    }
    told = {(n.pod, n.at, n.failed) for _, result in found for n in result.notifications}
    assert told == expected
    failures, minutes = alarms.lead_minutes(dataset, score, THRESHOLD)
    last = found[-1][0].at if found else -1.0
    announced = [
        (story.failures[index].pod, story.failures[index].at, None if np.isnan(lead) else lead)
        for index, lead in zip(failures.tolist(), minutes.tolist(), strict=True)
        if story.failures[index].at <= last
    ]
    by_scan = [
        (each.failure.pod, each.failure.at, each.announced_minutes)
        for _, result in found
        for each in result.failures
    ]
    assert sorted(by_scan, key=str) == sorted(announced, key=str)
    outcomes = {
        (pod, record.at): result.outcomes[row]
        for record, result in found
        for row, pod in enumerate(record.pods)
        if result.outcomes[row] != Outcome.NOT_JUDGED
    }
    assert outcomes == {
        (PODS[pod], at): y for pod, at, y in zip(dataset.pod, dataset.time, dataset.y, strict=True)
    }


@given(stories)
def test_scan_by_scan_is_the_same_as_the_whole_table(story):
    assert_same(story, lambda pod, record: is_scored(story, pod, record.at))


def was_seen(story: Story, known, at: float) -> bool:
    """By the minute: whether somebody knew, at most three minutes apart, until it was due."""
    minutes = [k for k in range(len(story.signs[0])) if k not in story.missing]
    closing = next(k for k in minutes if STEP * k >= at + HORIZON + 30.0)
    seen = [at / STEP, *(k for k in minutes if at / STEP < k <= closing and known(k))]
    apart = [later - earlier for earlier, later in pairwise(seen)]
    return STEP * seen[-1] >= at + HORIZON and max(apart, default=0.0) <= 3.0


@given(patchy_stories)
def test_what_was_not_watched_is_a_row_that_the_table_does_not_have(story):
    def knows(pod, minute):
        return sign_of(story, pod, STEP * minute) not in (UNKNOWN, ABSENT)

    def judged(pod, record):
        at = record.at
        failed = announced_failures(np.array([at]), [pod], story.failures)[0, 0] >= 0
        return (
            is_scored(story, pod, at)
            and was_seen(story, lambda k: any(knows(each, k) for each in PODS), at)
            and (failed or was_seen(story, lambda k: knows(pod, k), at))
        )

    assert_same(story, judged)

"""What came of forecasts is kept once, and adds up."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.history import BIN_EDGES, Outcome
from podforecast.domain.pods import PodRef
from tests.store.made_up import HORIZON, PODS, START, STEP, failure, graded, many, scan

EVER = START + 1e6
NOTHING, FAILED, NOT_JUDGED = Outcome


def test_outcomes_that_do_not_fit_the_scan_are_refused(store):
    store.record(scan())
    with pytest.raises(ValueError, match="2 outcomes for a scan of 3 pods"):
        store.grade([graded(scan(), [NOTHING, FAILED])])
    assert len(store.due(EVER)) == 1


def test_one_grade_that_is_refused_keeps_the_others_out_too(store):
    store.record(scan(0))
    store.record(scan(1))
    with pytest.raises(ValueError, match="1 outcomes"):
        store.grade([graded(scan(0)), graded(scan(1), [NOTHING])])
    assert len(store.due(EVER)) == 2
    assert store.track(since=0.0).since is None


def test_a_graded_scan_is_no_longer_due_but_still_recent(store):
    store.record(scan(0))
    store.record(scan(1))
    store.grade([graded(scan(0))])
    assert [found.at for found in store.due(EVER)] == [START + STEP]
    assert [found.at for found in store.recent(0.0)] == [START, START + STEP]


def test_grades_of_a_scan_that_is_not_kept_are_passed_over(store):
    store.grade([graded(scan(), notified=[(1, True)], failures=[failure()])])
    track = store.track(since=0.0)
    assert (track.notifications, track.failures) == (0, 0)


def test_nothing_graded_is_a_track_of_nothing(store):
    store.record(scan())
    track = store.track(since=0.0)
    assert (track.since, track.until) == (None, None)
    assert track.forecasts.tolist() == track.failed.tolist() == [0] * (len(BIN_EDGES) - 1)
    assert (track.pod_hours, track.squared_error) == (0.0, 0.0)
    assert track.lead_minutes.shape == (0,)


def test_a_track_adds_up_what_numpy_adds_up(store):
    records = [many(700, number) for number in range(3)]
    grades = []
    random = np.random.default_rng(7)
    for record in records:
        outcomes = random.choice([NOTHING, FAILED, NOT_JUDGED], 700, p=[0.6, 0.3, 0.1])
        outcomes[np.isnan(record.probability)] = NOT_JUDGED
        store.record(record)
        grades.append(graded(record, outcomes.tolist()))
    store.grade(grades)
    track = store.track(since=0.0)

    outcome = np.concatenate([one.outcomes for one in grades])
    judged = outcome != NOT_JUDGED
    probability = np.concatenate([record.probability for record in records])[judged]
    failed = outcome[judged] == FAILED
    assert np.array_equal(track.forecasts, np.histogram(probability, BIN_EDGES)[0])
    assert np.array_equal(track.failed, np.histogram(probability[failed], BIN_EDGES)[0])
    sums = np.histogram(probability, BIN_EDGES, weights=probability)[0]
    assert np.allclose(track.probability, sums)
    assert track.squared_error == pytest.approx(np.sum((probability - failed) ** 2))
    assert (track.since, track.until) == (START, START + 2 * STEP)


@pytest.mark.parametrize(
    ("probability", "place"),
    [
        pytest.param(0.0, 0, id="none"),
        pytest.param(0.01, 1, id="on an edge"),
        pytest.param(np.nextafter(0.01, 0.0), 0, id="just below an edge"),
        pytest.param(1.0, len(BIN_EDGES) - 2, id="certain"),
    ],
)
def test_a_probability_is_in_the_bin_that_begins_with_it(store, probability, place):
    record = scan(probability=(probability, np.nan, np.nan))
    store.record(record)
    store.grade([graded(record)])
    assert store.track(since=0.0).forecasts.nonzero()[0].tolist() == [place]


def test_a_forecast_without_probability_is_never_judged(store):
    store.record(scan())
    store.grade([graded(scan(), [NOTHING, NOTHING, FAILED])])
    track = store.track(since=0.0)
    assert (track.forecasts.sum(), track.failed.sum()) == (2, 0)


def test_a_forecast_covers_the_time_until_the_next_scan_or_its_horizon(store):
    for number in (0, 1):
        store.record(scan(number, (0.1, 0.2, 0.3)))
    store.grade([graded(scan(number, (0.1, 0.2, 0.3))) for number in (0, 1)])
    assert store.track(since=0.0).pod_hours == pytest.approx(3 * (STEP + HORIZON) / 3600)


def test_grading_twice_counts_once(store):
    store.record(scan())
    for _ in range(2):
        store.grade([graded(scan(), [FAILED, FAILED, NOT_JUDGED], notified=[(1, True)],
                            failures=[failure()])])  # fmt: skip
    track = store.track(since=0.0)
    assert (track.failed.sum(), track.notifications, track.failures) == (2, 1, 1)


def test_a_later_grade_of_a_graded_scan_changes_nothing(store):
    store.record(scan())
    store.grade([graded(scan(), [NOTHING, NOTHING, NOT_JUDGED])])
    store.grade([graded(scan(), [FAILED, FAILED, FAILED], notified=[(0, False)])])
    track = store.track(since=0.0)
    assert (track.failed.sum(), track.notifications) == (0, 0)


def test_a_failure_told_with_two_scans_counts_once(store):
    for number in (0, 1):
        store.record(scan(number))
    store.grade([graded(scan(0), failures=[failure(announced=2.0)])])
    store.grade([graded(scan(1), failures=[failure(announced=None), failure(at=START + 700.0)])])
    track = store.track(since=0.0)
    assert (track.failures, track.announced) == (2, 2)


def test_failures_count_as_announced_when_there_was_a_warning(store):
    store.record(scan())
    told = [
        failure(PODS[0], START + 30.0, announced=None),
        failure(PODS[1], START + 120.0, announced=2.0),
        failure(PODS[2], START + 90.0, announced=0.0),
        failure(PodRef("shop", "gone before any scan"), START + 40.0, announced=None),
    ]
    store.grade([graded(scan(), failures=told)])
    track = store.track(since=0.0)
    assert (track.failures, track.announced) == (4, 2)
    assert track.lead_minutes.tolist() == [0.0, 2.0]


def test_a_notification_that_no_failure_followed_is_a_false_alarm(store):
    store.record(scan())
    store.grade([graded(scan(), notified=[(0, False), (1, True), (2, False)])])
    track = store.track(since=0.0)
    assert (track.notifications, track.false_alarms) == (3, 2)


def test_a_track_is_of_one_model_if_one_is_named(store):
    for number, model in enumerate(("m1", "m2", "m2")):
        record = scan(number, model=model)
        store.record(record)
        store.grade([graded(record, notified=[(1, False)], failures=[failure(at=record.at + 9)])])
    found = [store.track(since=0.0, model_version=model) for model in (None, "m1", "m2", "m3")]
    assert [track.forecasts.sum() for track in found] == [6, 2, 4, 0]
    assert [track.notifications for track in found] == [3, 1, 2, 0]
    assert [track.failures for track in found] == [3, 1, 2, 0]
    assert found[1].until == START


def test_a_track_begins_at_the_moment_asked_for(store):
    for number in range(3):
        store.record(scan(number))
        store.grade([graded(scan(number))])
    track = store.track(since=START + STEP)
    assert (track.since, track.forecasts.sum()) == (START + STEP, 4)


def test_tracks_of_clusters_and_shards_do_not_mix(opened):
    stores = [opened(), opened(shard="1/2"), opened(cluster="other")]
    for count, store in enumerate(stores, 1):
        for number in range(count):
            store.record(scan(number))
            store.grade([graded(scan(number), failures=[failure(at=START + number)])])
    tracks = [store.track(since=0.0) for store in stores]
    assert [track.forecasts.sum() for track in tracks] == [2, 4, 6]
    assert [track.failures for track in tracks] == [1, 2, 3]


def test_a_scan_that_nobody_could_judge_is_graded_all_the_same(store):
    record = many(3000)
    store.record(record)
    store.grade([graded(record, [NOT_JUDGED] * 3000)])
    assert store.due(EVER) == []
    assert store.track(since=0.0).forecasts.sum() == 0

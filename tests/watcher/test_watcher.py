"""A watcher scans, keeps, forgets, and survives whatever goes wrong."""

from __future__ import annotations

import logging
from datetime import timedelta

import numpy as np
import pytest

from podforecast.errors import ModelNotReady, TelemetryUnavailable
from podforecast.watcher import watcher as watching
from podforecast.watcher.source import SourceFacts
from podforecast.watcher.watcher import FleetWatcher
from tests.watcher.made_up import (
    CALM,
    CRASH,
    GONE,
    LATE,
    LEAK,
    PODS,
    SILENT,
    FakeManifest,
    MemoryModel,
    at,
    minute,
)


class BrokenSource:
    """A fake that raises what it is told to."""

    facts = SourceFacts(kind="prometheus", name="http://prometheus", interval=timedelta(seconds=15))

    def __init__(self, error: Exception) -> None:
        self.error = error

    def open(self):
        raise self.error


def row(snapshot, pod):
    return snapshot.present.index.row(pod)


class TestWithoutAModel:
    def test_the_state_says_why(self, watch, models, reported):
        models.error = ModelNotReady("no model has been trained", hint="Train one.")
        watcher = watch()
        watcher.tick()
        status = watcher.status()
        assert (status.state, status.age_seconds) == ("failed", None)
        assert status.detail == "There is no scan. No model has been trained."
        assert reported == ["failed"]

    def test_it_recovers_as_soon_as_there_is_one(self, watch, models, reported):
        models.error = ModelNotReady("none")
        watcher = watch()
        watcher.tick()
        models.error = None
        watcher.tick()
        assert watcher.status().state == "live"
        assert watcher.reason is None
        assert reported == ["failed", "ok"]


class TestWhatGoesWrong:
    def test_a_source_that_does_not_open(self, models, wall):
        watcher = FleetWatcher(
            BrokenSource(TelemetryUnavailable("no answer")), model=models, clock=wall
        )
        watcher.tick()
        assert watcher.latest is None
        assert watcher.status().detail == "There is no scan. No answer."

    def test_a_mistake_of_ours_is_logged_once_with_its_kind(self, models, wall, caplog):
        watcher = FleetWatcher(BrokenSource(ZeroDivisionError("x")), model=models, clock=wall)
        for _ in range(3):
            watcher.tick()
        assert [record.message for record in caplog.records] == [
            "event=scan_failed kind=ZeroDivisionError"
        ]
        assert "nobody foresaw (ZeroDivisionError)" in watcher.status().detail

    def test_the_last_scan_stays_and_gets_stale(self, watch, models, move):
        watcher = watch()
        watcher.tick()
        before = watcher.latest
        models.error = RuntimeError("out of order")
        move(0.5)
        watcher.tick()
        assert watcher.latest is before
        assert watcher.status().state == "live"
        move(0.25)
        status = watcher.status()
        assert (status.state, status.scanned_at) == ("stale", before.present.at)
        assert status.detail.startswith("The last scan was made 4 s ago. The scan failed")

    def test_it_waits_longer_after_each_failure_up_to_a_limit(self, models, wall):
        source = BrokenSource(TelemetryUnavailable("no answer"))
        source.facts = SourceFacts(kind="replay", name="x", interval=timedelta(seconds=2))
        watcher = FleetWatcher(source, model=models, clock=wall)
        waits = []
        for _ in range(5):
            waits.append(watcher.wait.total_seconds())
            watcher.tick()
        assert waits == [2.0, 4.0, 8.0, 15.0, 15.0]

    def test_the_past_that_can_not_be_scanned_is_done_without(self, watch, monkeypatch):
        def broken(*_, **__):
            raise ZeroDivisionError

        monkeypatch.setattr(watching, "feature_tables", broken)
        watcher = watch()
        watcher.tick()
        assert len(watcher.latest.scans) == 1
        assert watcher.status().state == "live"


class TestScans:
    def test_before_the_first_one_it_is_starting(self, watch):
        status = watch().status()
        assert (status.state, status.scanned_at, status.detail) == (
            "starting",
            None,
            "The first scan is being made.",
        )

    def test_states_of_pods_as_they_are_at_the_moment(self, watch):
        watcher = watch(19.0)
        watcher.tick()
        scan = watcher.latest.present
        assert scan.at == minute(19)
        assert set(scan.index.pods) == set(PODS) - {GONE}
        assert scan.at_risk[row(watcher.latest, LEAK)]
        assert not scan.at_risk[row(watcher.latest, CALM)]
        assert np.isnan(scan.probability[row(watcher.latest, SILENT)])
        assert scan.coverage[row(watcher.latest, SILENT)] == 0.0

    def test_a_pod_that_is_down_is_failing_and_has_no_probability(self, watch):
        watcher = watch(16.75)
        watcher.tick()
        found = row(watcher.latest, CRASH)
        assert watcher.latest.present.failing[found]
        assert np.isnan(watcher.latest.present.probability[found])

    def test_the_same_moment_is_not_scanned_twice(self, watch, wall, reported):
        watcher = watch()
        watcher.tick()
        before = watcher.latest
        wall.seconds += 1.0
        watcher.tick()
        assert watcher.latest is before
        assert reported == ["ok"]

    def test_what_readers_hold_does_not_change(self, watch, move):
        watcher = watch()
        watcher.tick()
        held, length = watcher.latest, len(watcher.latest.scans)
        move(0.25)
        watcher.tick()
        assert watcher.latest is not held
        assert len(held.scans) == length
        assert len(watcher.latest.scans) == length + 1

    def test_another_model_scores_the_same_moment_anew(self, watch, models):
        watcher = watch()
        watcher.tick()
        before = watcher.latest
        models.model = MemoryModel(threshold=0.99, manifest=FakeManifest("fake-2"))
        watcher.tick()
        after = watcher.latest
        assert after.model.manifest.model_version == "fake-2"
        assert len(after.scans) == len(before.scans)
        assert before.present.at_risk.any()
        assert not after.present.at_risk.any()
        # What was forecast then stays as it was.
        assert after.scans[-2] is before.scans[-2]

    def test_scans_of_the_same_pods_share_their_names(self, watch, move):
        watcher = watch()
        watcher.tick()
        move(0.25)
        watcher.tick()
        assert watcher.latest.scans[-1].index is watcher.latest.scans[-2].index

    def test_each_scan_is_logged_in_one_line(self, watch, caplog):
        caplog.set_level(logging.INFO)
        watch().tick()
        assert [record.message for record in caplog.records] == [
            'event=scan source="brook" pods=5 at_risk=1 seconds=0.00 kept=19 model=fake-1'
        ]


class TestThePast:
    def test_it_is_scanned_from_the_warm_up_on(self, watch):
        watcher = watch(19.0)
        watcher.tick()
        times = np.array([scan.at for scan in watcher.latest.scans])
        assert times[0] == minute(10)
        assert times[-1] == minute(19)
        assert set(np.diff(times)) == {30.0}

    def test_there_is_none_at_the_very_start(self, watch):
        watcher = watch(0.0)
        watcher.tick()
        assert [scan.at for scan in watcher.latest.scans] == [minute(0)]

    def test_it_is_scored_like_the_present(self, watch, move):
        early, late = watch(19.0), watch(18.0)
        early.tick()
        late.tick()
        past = next(scan for scan in early.latest.scans if scan.at == minute(18))
        present = late.latest.present
        assert past.index.pods == present.index.pods
        np.testing.assert_array_equal(past.probability, present.probability)
        np.testing.assert_array_equal(past.drawn, present.drawn)

    def test_an_ending_service_does_not_wait_for_it(self, watch):
        asked = []

        def stopped():
            asked.append(True)
            return len(asked) == 3

        watcher = watch()
        watcher.tick(stopped)
        assert len(asked) == 3
        assert len(watcher.latest.scans) == 1

    def test_while_it_is_scanned_the_present_is_there_already(self, watch):
        seen = []
        watcher = watch()
        watcher.tick(lambda: seen.append((watcher.status().state, len(watcher.latest.scans))))
        assert seen[0] == ("starting", 1)
        assert watcher.status().state == "live"


class TestWhatIsKept:
    def test_no_more_than_an_hour(self, watch, move, monkeypatch):
        monkeypatch.setattr(watching, "KEPT_SCANS", 8)
        watcher = watch()
        for _ in range(5):
            watcher.tick()
            move(0.25)
        times = [scan.at for scan in watcher.latest.scans]
        assert len(times) == 8
        assert times[-1] == minute(20)

    def test_nothing_when_the_replay_starts_over(self, watch, move):
        watcher = watch(19.0)
        watcher.tick()
        move(10.5)
        watcher.tick()
        move(0.75)
        watcher.tick()
        times = [scan.at for scan in watcher.latest.scans]
        assert watcher.latest.present.at == minute(19.25)
        assert times == sorted(times)
        assert "started over" in watcher.status().detail
        assert not watcher.latest.failures.get(LEAK)

    def test_a_pod_that_came_later_has_a_timeline_since_then(self, watch):
        watcher = watch(19.0)
        watcher.tick()
        timeline = watcher.latest.timeline(LATE)
        assert timeline.times[0] == minute(15)
        assert watcher.latest.timeline(LEAK).times[0] == minute(10)

    def test_trends_end_with_the_present(self, watch):
        watcher = watch(19.0)
        watcher.tick()
        trends = watcher.latest.trends()
        assert trends.shape == (5, 19)
        np.testing.assert_array_equal(trends[:, -1], watcher.latest.present.probability)
        late = trends[row(watcher.latest, LATE)]
        assert np.isnan(late[:10]).all()
        assert late[-1] == pytest.approx(0.3)

    def test_failures_are_those_until_now(self, watch, move):
        watcher = watch(19.75)
        watcher.tick()
        assert LEAK not in watcher.latest.failures
        move(0.5)
        watcher.tick()
        assert [failure.at for failure in watcher.latest.failures[LEAK]] == [minute(20) + 5.0]


def test_a_story_from_the_first_warning_to_the_failure(watch, move):
    from podforecast.watcher.outcomes import alarms, announcements

    watcher = watch(15.0)
    for _ in range(4 * 8):
        watcher.tick()
        move(0.25)
    snapshot = watcher.latest
    assert snapshot.present.at == at(22.75).timestamp()
    timeline, failures = snapshot.timeline(LEAK), snapshot.failures[LEAK]
    (alarm,), (event,) = alarms(timeline, failures), announcements(timeline, failures)
    assert alarm.outcome == "failed"
    assert alarm.began_at < minute(17)
    assert minute(20) < alarm.ended_at <= minute(20.75)
    assert event.minutes == pytest.approx((event.failure.at - alarm.began_at) / 60.0)
    (false,) = alarms(snapshot.timeline(CALM), ())
    assert false.outcome == "nothing_happened"

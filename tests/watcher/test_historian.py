"""Scans are kept and graded as they are made, with a store that comes and goes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from podforecast.domain.history import Outcome
from podforecast.domain.quality import quality_of
from podforecast.errors import StoreRefused, StoreUnavailable
from podforecast.store.store import ForecastStore
from podforecast.watcher.follower import Followers
from podforecast.watcher.grader import MOST_A_TICK
from podforecast.watcher.historian import MOST_WAITING, RETRY, Historian
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from podforecast.watcher.watcher import FleetWatcher
from tests.watcher.conftest import SPEED
from tests.watcher.made_up import FakeManifest, MemoryModel, minute

GONE = StoreUnavailable("the database does not answer", hint="Start it.")


class FlakyStore:
    """A fake database: a real store in memory, out of reach while the test says so."""

    def __init__(self):
        self.store = ForecastStore.open("", timeout=timedelta(seconds=5))
        self.error = None
        self.fails_at = lambda *_: True
        self.calls = []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append(name)
            if self.error is not None and self.fails_at(name, args):
                raise self.error
            return getattr(self.store, name)(*args, **kwargs)

        return call

    def close(self):
        self.calls.append("close")

    def kept(self):
        return [scan.at for scan in self.store.recent(0.0)]

    def graded_scans(self):
        ungraded = {scan.at for scan in self.store.due(np.inf, limit=1000)}
        return [at for at in self.kept() if at not in ungraded]


class Openings:
    """Hands out one store, as often as it is asked."""

    def __init__(self, store):
        self.store, self.error, self.times = store, None, 0

    def __call__(self):
        self.times += 1
        if self.error is not None:
            raise self.error
        return self.store


@pytest.fixture
def store():
    flaky = FlakyStore()
    yield flaky
    flaky.store.close()


@pytest.fixture
def openings(store):
    return Openings(store)


@pytest.fixture
def make_historian(openings, wall):
    def make(**changes):
        return Historian(openings, **{"clock": wall} | changes)

    return make


@pytest.fixture
def watch_with(data_dir, wall, models):
    """Watch a replay of the made-up campaign with a follower."""

    def make(follower, start_minute=14.0, speed=SPEED):
        plan = ReplayPlan(data_dir=data_dir, speed=speed, start_minute=start_minute)
        source = ReplaySource(plan, clock=wall)
        return FleetWatcher(source, model=models, clock=wall, followers=[follower])

    return make


@pytest.fixture
def run(wall):
    """Scan every fifteen seconds of the recording for some minutes."""

    def scans(watcher, minutes):
        for _ in range(round(4 * minutes)):
            watcher.tick()
            wall.seconds += 15.0 / SPEED

    return scans


class TestStoreOutOfReach:
    def test_nothing_is_opened_before_the_first_scan(self, make_historian, openings):
        historian = make_historian()
        assert (openings.times, historian.track(), historian.ungraded) == (0, None, 0)
        historian.start_over()
        historian.close()
        assert openings.times == 0

    def test_a_store_that_can_not_be_opened_is_named_and_harms_no_scan(
        self, make_historian, openings, watch_with, run
    ):
        openings.error = StoreRefused("the database is of a newer version", hint="Upgrade.")
        historian = make_historian()
        watcher = watch_with(historian)
        run(watcher, 1)
        trouble = watcher.status().troubles["store"]
        assert isinstance(trouble, StoreRefused)
        assert trouble.message == "the database is of a newer version"
        assert trouble.hint == "4 scans wait to be written. Upgrade."
        assert watcher.status().state == "live"
        assert historian.trouble.message == trouble.message

    def test_it_is_not_asked_again_at_every_scan(self, make_historian, openings, watch_with, run):
        openings.error = GONE
        historian = make_historian()
        run(watch_with(historian), 3)  # 18 s of the wall clock
        assert (openings.times, historian.failures) == (1, 1)

    def test_the_same_trouble_is_logged_once_though_more_scans_wait(
        self, make_historian, openings, watch_with, run, caplog
    ):
        openings.error = GONE
        run(watch_with(make_historian()), 12)
        assert caplog.text.count("event=follower_failed") == 1

    def test_what_waited_is_written_when_it_is_back(
        self, make_historian, store, watch_with, run, wall
    ):
        historian = make_historian()
        watcher = watch_with(historian)
        run(watcher, 1)
        store.error = GONE
        run(watcher, 3)
        assert (len(store.kept()), historian.waiting) == (4, 12)
        store.error = None
        wall.seconds += RETRY.total_seconds() - 18.0
        watcher.tick()
        assert (len(store.kept()), historian.waiting, historian.lost) == (17, 0, 0)
        assert (watcher.status().troubles, historian.trouble) == ({}, None)

    def test_the_backlog_is_bounded_and_what_is_lost_is_counted_and_said(
        self, make_historian, store, watch_with, run, wall
    ):
        store.error = GONE
        historian = make_historian()
        watcher = watch_with(historian, 10.0)
        run(watcher, 12)
        assert (historian.waiting, historian.lost) == (MOST_WAITING, 48 - MOST_WAITING)
        hint = watcher.status().troubles["store"].hint
        assert hint == f"{MOST_WAITING} scans wait to be written, 8 were lost. Start it."
        store.error = None
        wall.seconds += RETRY.total_seconds()
        watcher.tick()
        assert len(store.kept()) == MOST_WAITING
        assert min(store.kept()) > minute(10.0) + 8 * 15.0

    def test_grades_catch_up_when_it_is_back(self, make_historian, store, watch_with, run, wall):
        historian = make_historian()
        watcher = watch_with(historian, 13.0)
        run(watcher, 1)
        store.error = GONE
        run(watcher, 8)
        store.error = None
        wall.seconds += RETRY.total_seconds()
        run(watcher, 1)
        whole = store.graded_scans()
        assert len(whole) >= MOST_A_TICK
        assert historian.track().forecasts.sum() > 0

    def test_at_the_end_what_waits_is_written_and_the_store_let_go(
        self, make_historian, store, watch_with, run
    ):
        historian = make_historian()
        watcher = watch_with(historian)
        run(watcher, 1)
        store.error = GONE
        run(watcher, 1)
        with pytest.raises(StoreUnavailable):
            historian.close()
        assert store.calls[-1] == "close"
        store.error = None
        historian.close()
        assert len(store.kept()) == 8


class TestGrades:
    def test_nothing_is_graded_before_horizon_and_lag_have_passed(
        self, make_historian, store, watch_with, run
    ):
        historian = make_historian()
        run(watch_with(historian), 5.5)
        assert (store.graded_scans(), historian.ungraded) == ([], 22)
        assert historian.track().forecasts.sum() == 0

    def test_the_past_that_is_scanned_at_the_start_is_not_graded(
        self, make_historian, store, watch_with, run
    ):
        watcher = watch_with(make_historian())
        run(watcher, 7)
        assert len(watcher.latest.scans) > 28
        assert min(store.kept()) == minute(14.0)

    def test_a_leak_that_was_announced_is_a_failure_announced(
        self, make_historian, store, watch_with, run
    ):
        historian = make_historian()
        run(watch_with(historian), 15)
        track = historian.track()
        assert (track.failures, track.announced) == (2, 1)
        # At risk from 80 % of its memory on, which is at minute 15:36; killed at 20:05.
        assert track.lead_minutes == pytest.approx([4.33], abs=0.3)
        assert (track.notifications, track.false_alarms) == (1, 0)
        assert quality_of(track).precision.value == 1.0
        assert quality_of(track).recall.value == 0.5

    def test_what_was_graded_is_counted(self, make_historian, watch_with, run):
        historian = make_historian()
        run(watch_with(historian), 15)
        tally = historian.tally
        assert (tally.announced, tally.unannounced) == (1, 1)
        assert (tally.true_notifications, tally.false_alarms) == (1, 0)
        assert tally.outcomes[Outcome.FAILED] + tally.outcomes[Outcome.NOTHING] == (
            historian.track().forecasts.sum()
        )
        assert tally.outcomes[Outcome.NOT_JUDGED] > 0

    def test_a_scan_of_the_same_moment_by_another_model_is_left_out(
        self, make_historian, store, watch_with, models
    ):
        watcher = watch_with(make_historian())
        watcher.tick()
        models.model = MemoryModel(threshold=0.1, manifest=FakeManifest("fake-2"))
        watcher.tick()
        assert [scan.model_version for scan in store.store.recent(0.0)] == ["fake-1"]

    def test_figures_are_those_of_the_model_that_answers(
        self, make_historian, watch_with, run, models
    ):
        historian = make_historian()
        watcher = watch_with(historian)
        run(watcher, 8)
        assert historian.track().forecasts.sum() > 0
        models.model = MemoryModel(manifest=FakeManifest("fake-2"))
        run(watcher, 1)
        assert historian.track().forecasts.sum() == 0

    @pytest.mark.parametrize(
        ("interval", "expected"),
        [
            pytest.param(timedelta(seconds=15), False, id="they-are-gaps"),
            pytest.param(timedelta(minutes=4), True, id="they-are-the-interval"),
        ],
    )
    def test_scans_farther_apart_than_a_window(
        self, make_historian, watch_with, wall, interval, expected
    ):
        historian = make_historian(interval=interval)
        watcher = watch_with(historian, 10.0)
        for _ in range(5):
            watcher.tick()
            wall.seconds += 240.0 / SPEED
        assert (historian.track().forecasts.sum() > 0) == expected


class TestAfterARestart:
    def test_it_goes_on_where_the_process_before_it_was(
        self, make_historian, store, watch_with, run
    ):
        watcher = watch_with(make_historian())
        run(watcher, 8)
        before = len(store.graded_scans())
        after = make_historian()
        watcher._followers = Followers([after])
        run(watcher, 7)
        assert before < len(store.graded_scans())
        track = after.track()
        assert (track.failures, track.announced, track.notifications) == (2, 1, 1)

    def test_it_gives_the_same_grades_wherever_it_is_cut(
        self, make_historian, watch_with, run, models
    ):
        """At 65 % the leak is at risk for eight minutes: who was told of it is remembered."""
        models.model = MemoryModel(threshold=0.65)
        historian = make_historian()
        run(watch_with(historian, 9.0), 16)
        whole = historian.track()
        cut = FlakyStore()
        watcher = watch_with(make_historian(), 9.0)
        for _ in range(8):
            watcher._followers = Followers([Historian(lambda: cut)])
            run(watcher, 2)
        pieces = cut.store.track(since=0.0)
        assert pieces.notifications == whole.notifications == 3
        assert pieces.forecasts.tolist() == whole.forecasts.tolist()
        assert pieces.lead_minutes.tolist() == whole.lead_minutes.tolist()
        cut.store.close()

    def test_a_grade_that_was_not_written_is_written_with_its_notification(
        self, make_historian, store, watch_with, run, wall
    ):
        """The store is gone just after it was told who is notified of."""
        historian = make_historian()
        watcher = watch_with(historian)
        run(watcher, 7)
        store.fails_at = lambda name, args: name == "grade" and args[0][0].notifications
        store.error = GONE
        run(watcher, 2)
        assert (historian.failures, historian.track().notifications) == (1, 0)
        wall.seconds += RETRY.total_seconds() / 10.0
        after = make_historian()
        store.error = None
        watcher._followers = Followers([after])
        run(watcher, 1)
        assert after.track().notifications == 1

    def test_what_was_not_watched_is_not_judged(self, make_historian, store, watch_with, run, wall):
        watcher = watch_with(make_historian(), 10.0)
        run(watcher, 3)
        wall.seconds += 60.0 * 4.0 / SPEED
        after = make_historian()
        watcher._followers = Followers([after])
        run(watcher, 5.5)
        assert len(store.graded_scans()) == 12
        assert after.tally.outcomes[Outcome.NOT_JUDGED] > 50
        assert after.tally.outcomes[Outcome.FAILED] == after.tally.outcomes[Outcome.NOTHING] == 0

    def test_a_memory_that_can_not_be_read_is_none(
        self, make_historian, store, watch_with, run, caplog
    ):
        store.store.remember("grading", b"[[1, 2]]")
        historian = make_historian()
        run(watch_with(historian), 7)
        assert "event=grading_forgot" in caplog.text
        assert historian.tally.outcomes[Outcome.NOTHING] > 0


class TestStartingOver:
    def test_a_replay_forgets_its_lap(self, make_historian, store, watch_with, run):
        historian = make_historian(forgets=True)
        watcher = watch_with(historian)
        run(watcher, 15)
        assert historian.track().failures == 2
        run(watcher, 5)  # the recording ends after 16 minutes
        assert (min(store.kept()), len(store.kept()) < 20) == (minute(14.0), True)
        run(watcher, 11)
        assert historian.track().failures == 2

    def test_what_waits_to_be_written_outlives_it_too(
        self, make_historian, store, watch_with, run, wall
    ):
        store.error = GONE
        historian = make_historian()
        watcher = watch_with(historian, 27.0)
        run(watcher, 2)
        store.error = None
        wall.seconds += RETRY.total_seconds()
        watcher.tick()
        assert store.kept() == [minute(27.0) + 15.0 * k for k in range(8)]

    def test_the_history_of_a_cluster_outlives_a_clock_that_was_put_back(
        self, make_historian, store, watch_with, run
    ):
        historian = make_historian()
        watcher = watch_with(historian)
        run(watcher, 15)
        run(watcher, 5)
        assert len(store.kept()) > 50
        assert historian.track().failures == 2
        assert watcher.status().troubles == {}


class TestRetention:
    def test_scans_older_than_the_retention_are_deleted_once_in_a_while(
        self, make_historian, store, watch_with, run, wall
    ):
        historian = make_historian(retention=timedelta(minutes=5))
        watcher = watch_with(historian, 10.0)
        run(watcher, 8)
        assert store.calls.count("purge") == 1
        wall.seconds += 60.0
        watcher.tick()
        assert store.calls.count("purge") == 2
        assert min(store.kept()) > minute(10.0)

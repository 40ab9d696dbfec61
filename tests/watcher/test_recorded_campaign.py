"""The replay of a campaign that was really recorded tells how pods came to fail."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from podforecast.domain.telemetry import HORIZON
from podforecast.watcher.outcomes import alarms, announcements
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from podforecast.watcher.watcher import FleetWatcher
from tests.watcher.made_up import MemoryModel, ModelHolder, WallClock

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def snapshot():
    """As of minute 60, with a rule instead of a model: at risk from 85 % of the memory limit."""
    plan = ReplayPlan(data_dir=DATA, start_minute=60.0)
    wall = WallClock()
    models = ModelHolder(MemoryModel(threshold=0.85))
    watcher = FleetWatcher(ReplaySource(plan, clock=wall), model=models, clock=wall)
    watcher.tick()
    assert watcher.reason is None
    return watcher.latest


@pytest.fixture(scope="module")
def stories(snapshot):
    """Timeline, alarms and events of every pod."""
    told = []
    for pod in snapshot.present.index.pods:
        timeline, failures = snapshot.timeline(pod), snapshot.failures.get(pod, ())
        told.append((timeline, alarms(timeline, failures), announcements(timeline, failures)))
    return told


def test_the_whole_fleet_is_there(snapshot):
    assert len(snapshot.present.index.pods) >= 50
    assert len(snapshot.scans) == 61


def test_some_leaks_are_announced_and_then_kill(stories):
    outcomes = Counter(alarm.outcome for _, found, _ in stories for alarm in found)
    announced = [event for *_, events in stories for event in events if event.minutes is not None]
    assert outcomes["failed"] > 0
    assert any(event.failure.cause == "oom" for event in announced)
    assert outcomes["nothing_happened"] > 0, "a rule on memory alone cries wolf"


def test_alarms_and_events_tell_the_same_story(stories):
    horizon = HORIZON.total_seconds() / 60.0
    for timeline, found, events in stories:
        for event in events:
            if event.minutes is None:
                continue
            assert 0.0 < event.minutes <= horizon
            warned_at = event.failure.at - 60.0 * event.minutes
            (alarm,) = [
                alarm
                for alarm in found
                if alarm.began_at <= warned_at + 1e-3
                and (alarm.ended_at is None or warned_at < alarm.ended_at)
            ]
            assert alarm.outcome == "failed"
        announced = [event.failure.at for event in events if event.minutes is not None]
        for alarm in found:
            if alarm.outcome == "failed" and alarm.began_at > timeline.whole_from:
                latest = (alarm.ended_at or timeline.times[-1]) + 60.0 * horizon
                assert any(alarm.began_at < at <= latest for at in announced)


def test_nothing_is_known_of_what_is_still_to_come(snapshot, stories):
    now = snapshot.present.at
    assert all(failure.at <= now for own in snapshot.failures.values() for failure in own)
    for timeline, found, _ in stories:
        assert timeline.times[-1] == now
        assert all((alarm.ended_at or alarm.began_at) <= now for alarm in found)

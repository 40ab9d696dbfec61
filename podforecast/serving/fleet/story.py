"""One pod: its timeline, what was forecast and what happened."""

from __future__ import annotations

from typing import Any

from podforecast.domain.pods import PodRef
from podforecast.serving.fleet.rows import utc
from podforecast.watcher.outcomes import Alarm, Announced, alarms, announcements
from podforecast.watcher.scan import DRAWN
from podforecast.watcher.snapshot import Snapshot, Timeline


def story(snapshot: Snapshot, pod: PodRef) -> dict[str, Any]:
    """Tell ``timeline``, ``events`` and ``alarms`` of a pod, oldest first."""
    timeline = snapshot.timeline(pod)
    failures = snapshot.failures.get(pod, ())
    return {
        "timeline": _timeline(timeline),
        "events": [_event(each) for each in announcements(timeline, failures)],
        "alarms": [_alarm(each) for each in alarms(timeline, failures)],
    }


def happened(snapshot: Snapshot, pod: PodRef) -> dict[str, Any]:
    """Tell ``watched_since``, ``failures`` and ``alarms`` of a pod, oldest first."""
    told = story(snapshot, pod)
    return {
        "watched_since": told["timeline"]["times"][0],
        "failures": told["events"],
        "alarms": told["alarms"],
    }


def _timeline(timeline: Timeline) -> dict[str, Any]:
    return {
        "times": [utc(at) for at in timeline.times.tolist()],
        "failure_probability": timeline.probability,
        "failing": timeline.failing,
        "series": [
            {
                "name": drawn.name,
                "label": drawn.label,
                "unit": drawn.unit,
                "values": timeline.drawn[:, column].tolist(),
                "limit": drawn.limit,
            }
            for column, drawn in enumerate(DRAWN)
        ],
    }


def _event(announced: Announced) -> dict[str, Any]:
    return {
        "at": utc(announced.failure.at),
        "kind": "failure",
        "cause": announced.failure.cause,
        "announced_minutes": announced.minutes,
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "began_at": utc(alarm.began_at),
        "ended_at": None if alarm.ended_at is None else utc(alarm.ended_at),
        "outcome": alarm.outcome,
    }

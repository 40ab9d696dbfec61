"""What came of the forecasts of one pod: alarms, and failures that were announced or not.

The definitions are those the model is judged by (:mod:`podforecast.model.alarms`): a forecast is
about failures that begin within the horizon after it, and a moment just after a failure is not
judged. Here an alarm is drawn as long as it lasts, instead of being counted anew every horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np

from podforecast.domain.outcomes import Failure
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import HORIZON
from podforecast.model.labels import announced_failures, just_failed
from podforecast.watcher.snapshot import Timeline

Outcome = Literal["failed", "nothing_happened", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Scans in a row that found the pod at risk."""

    began_at: float
    """Unix seconds of the first one."""
    ended_at: float | None
    """Of the first scan that no longer did; None while it lasts."""
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A failure, and how long before it the pod was first at risk."""

    failure: Failure
    minutes: float | None
    """Within the horizon; None where it came without a warning."""


def judged(timeline: Timeline, failures: Sequence[Failure]) -> Mask:
    """Where a forecast says at risk and is about the future, (n_scans,)."""
    aftermath = np.zeros(len(timeline.times), dtype=np.bool_)
    if failures:
        aftermath = just_failed(timeline.times, [failures[0].pod], failures)[0]
    return timeline.at_risk & ~aftermath


def announcements(
    timeline: Timeline, failures: Sequence[Failure], *, horizon: timedelta = HORIZON
) -> tuple[Announced, ...]:
    """Hold the failures of a pod against its timeline.

    Left out are failures whose horizon is not on the timeline whole: a warning may be forgotten.
    """
    if not failures:
        return ()
    about = announced_failures(timeline.times, [failures[0].pod], failures, horizon=horizon)[0]
    at_risk = judged(timeline, failures)
    found = []
    for number, failure in enumerate(failures):
        if failure.at > timeline.whole_from:
            warned = timeline.times[at_risk & (about == number)]
            minutes = float(failure.at - warned[0]) / 60.0 if len(warned) else None
            found.append(Announced(failure=failure, minutes=minutes))
    return tuple(found)


def alarms(
    timeline: Timeline, failures: Sequence[Failure], *, horizon: timedelta = HORIZON
) -> tuple[Alarm, ...]:
    """Return the alarms of a pod, oldest first."""
    at_risk = judged(timeline, failures)
    edges = np.flatnonzero(np.diff(at_risk, prepend=False, append=False))
    onsets = np.array([failure.at for failure in failures], dtype=np.float64)
    found = []
    for first, after in edges.reshape(-1, 2):
        lasts = after == len(at_risk)
        expires = timeline.times[after - 1] + horizon.total_seconds()
        failed = np.any((onsets > timeline.times[first]) & (onsets <= expires))
        over = not lasts and timeline.times[-1] >= expires
        found.append(
            Alarm(
                began_at=float(timeline.times[first]),
                ended_at=None if lasts else float(timeline.times[after]),
                outcome="failed" if failed else "nothing_happened" if over else "open",
            )
        )
    return tuple(found)

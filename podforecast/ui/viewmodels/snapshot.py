"""The last answer stays on screen while a new one fails to come, and says how old it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel

from podforecast.api_schema.fleet import SourceOut
from podforecast.ui.outcomes import Answered, Declined, Outcome, Unreachable

Got = TypeVar("Got", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[Got]):
    """An answer, and when it came; aware, UTC."""

    answer: Got
    at: datetime


@dataclass(frozen=True, slots=True)
class Sight(Generic[Got]):
    """What there is to show: the newest answer, if there was one, and what went wrong since."""

    snapshot: Snapshot[Got] | None
    trouble: Declined | Unreachable | None


def look(outcome: Outcome[Got], kept: Snapshot[Got] | None, *, now: datetime) -> Sight[Got]:
    """Take the new answer, or keep the old one with the trouble."""
    if isinstance(outcome, Answered):
        return Sight(Snapshot(outcome.answer, now), None)
    return Sight(kept, outcome)


def data_age(source: SourceOut, seen_at: datetime, *, now: datetime) -> timedelta | None:
    """Age of the scan now: what the service said, and the time since it said so."""
    if source.age_seconds is None:
        return None
    return timedelta(seconds=source.age_seconds) + (now - seen_at)


def age_in_words(age: timedelta) -> str:
    """Write an age as short as it can be read.

    >>> [age_in_words(timedelta(seconds=s)) for s in (-1, 1.24, 42, 200, 9000, 200_000)]
    ['0.0 s', '1.2 s', '42 s', '3 min', '2.5 h', '2.3 days']
    """
    seconds = max(age.total_seconds(), 0.0)
    for limit, divisor, unit, digits in (
        (10, 1, "s", 1),
        (90, 1, "s", 0),
        (5400, 60, "min", 0),
        (172_800, 3600, "h", 1),
    ):
        if seconds < limit:
            return f"{seconds / divisor:.{digits}f} {unit}"
    return f"{seconds / 86_400:.1f} days"


def time_of_day(at: datetime) -> str:
    """Write the time of an event in UTC, as everything on the server is."""
    return f"{at:%H:%M:%S}"

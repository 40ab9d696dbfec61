"""One pod between calm and at risk: two thresholds, and a time to wait at each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from podforecast.domain.alerts import AlertOutcome, Observation, WorkloadKey
from podforecast.domain.pods import PodRef

PATIENCE = timedelta(minutes=2)
"""Scans further apart have a gap between them, in which nobody knows what happened."""
BLIND = timedelta(minutes=15)
"""An alert outlives this long without data: stale is not calm, but not for ever either."""
LONGEST_FAILING = timedelta(hours=1)
"""A pod that is still down then is no forecast any more: alerts on crash loops have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a pod is at risk, and when it no longer is."""

    enter: float
    """Probability from which a pod raises an alert; above 1, where a model's threshold may be,
    none does."""
    leave: float
    """Below it a pod is calm; less than ``enter``."""
    hold: timedelta = timedelta(0)
    """At or above ``enter`` for this long before anybody is told."""
    rest: timedelta = timedelta(minutes=5)
    """Calm or gone for this long before it is over."""
    most_per_10_minutes: int = 20
    cluster: str = ""
    shard: str = ""
    """Tells the counting alerts of several watchers of one cluster apart."""

    def __post_init__(self) -> None:
        if not 0.0 < self.leave < self.enter:
            raise ValueError(f"expected 0 < leave < enter, got {self.leave}, {self.enter}")


class Sight(StrEnum):
    """What a scan shows of a pod."""

    ABOVE = "above"
    """At or above ``enter``."""
    BETWEEN = "between"
    BELOW = "below"
    """Below ``leave``."""
    UNKNOWN = "unknown"
    """Too little data."""
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What is remembered of a pod that is at risk, or may be soon."""

    pod: PodRef
    workload: str
    """Its name, without the namespace, as of the first scan: a scan that misses the owners of pods
    must not end one alert and begin another."""
    raised: bool
    """Whether it is at risk; else it has to stay above ``enter`` for longer."""
    since: float
    """When it was raised, or when it rose above ``enter``; Unix seconds."""
    sight: Sight
    sight_since: float
    """When a scan first showed what all scans since then have shown."""
    probability: float
    """The latest that is known."""
    muted: bool = False
    failed_at: float | None = None
    """Since it was raised."""

    @property
    def owner(self) -> WorkloadKey:
        return self.pod.namespace, self.workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A pod that is no longer at risk."""

    track: Track
    outcome: AlertOutcome


def sight_of(observation: Observation | None, rules: Rules) -> Sight:
    """Say what a scan shows; None stands for a pod that it has not."""
    if observation is None:
        return Sight.GONE
    if observation.failing:
        return Sight.FAILING
    if observation.probability is None:
        return Sight.UNKNOWN
    if observation.probability >= rules.enter:
        return Sight.ABOVE
    return Sight.BELOW if observation.probability < rules.leave else Sight.BETWEEN


def begun(observation: Observation, now: float, rules: Rules) -> Track | None:
    """Begin to track a pod that is above ``enter``; None for any other, failing ones included."""
    if sight_of(observation, rules) is not Sight.ABOVE or observation.probability is None:
        return None
    return Track(
        pod=observation.pod,
        workload=observation.workload,
        raised=not rules.hold,
        since=now,
        sight=Sight.ABOVE,
        sight_since=now,
        probability=observation.probability,
        muted=observation.muted,
    )


def followed(
    track: Track, observation: Observation | None, now: float, rules: Rules
) -> Track | Ended | None:
    """Take one more scan into account.

    Returns
    -------
    Track
        As long as the pod is at risk, or may be soon.
    Ended
        Once it no longer is.
    None
        If it never was.
    """
    seen = _looked_at(track, observation, now, rules)
    if seen.raised:
        outcome = _ended(seen, now, rules)
        return seen if outcome is None else Ended(track=seen, outcome=outcome)
    return _raised_or_dropped(seen, now, rules)


def restarted(track: Track, now: float) -> Track:
    """Start its clocks anew, after a gap in which nobody knows what happened."""
    return replace(track, sight_since=now, since=track.since if track.raised else now)


def _looked_at(track: Track, observation: Observation | None, now: float, rules: Rules) -> Track:
    sight = sight_of(observation, rules)
    seen = replace(
        track, sight=sight, sight_since=track.sight_since if sight is track.sight else now
    )
    if observation is None:
        return seen
    known = observation.probability
    return replace(
        seen,
        muted=observation.muted,
        probability=track.probability if known is None else known,
        failed_at=_failed_at(seen, observation, now),
    )


def _failed_at(track: Track, observation: Observation, now: float) -> float | None:
    """When it first failed after it was raised: a container may be back before the next scan."""
    if track.failed_at is not None or not track.raised:
        return track.failed_at
    if observation.failed_at is not None and observation.failed_at > track.since:
        return observation.failed_at
    return now if observation.failing else None


def _raised_or_dropped(track: Track, now: float, rules: Rules) -> Track | None:
    if track.sight is Sight.ABOVE:
        held = now - track.since >= rules.hold.total_seconds()
        return replace(track, raised=True, since=now) if held else track
    lately = now - track.sight_since <= PATIENCE.total_seconds()
    return track if track.sight is Sight.UNKNOWN and lately else None


def _ended(track: Track, now: float, rules: Rules) -> AlertOutcome | None:
    """Why the pod is no longer at risk; None where it is."""
    longest = {
        Sight.BELOW: (rules.rest, AlertOutcome.CALMED),
        Sight.GONE: (rules.rest, AlertOutcome.VANISHED),
        Sight.UNKNOWN: (BLIND, AlertOutcome.LOST_SIGHT),
        Sight.FAILING: (LONGEST_FAILING, AlertOutcome.FAILED),
    }.get(track.sight)
    if longest is None or now - track.sight_since < longest[0].total_seconds():
        return None
    return AlertOutcome.FAILED if track.failed_at is not None else longest[1]

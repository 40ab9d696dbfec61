"""Who is told of what, and when: a state machine without clock, network or memory of its own.

One alert per workload. A pod is followed by :mod:`podforecast.alerting.tracking`; an alert lasts
from the first pod of the workload that is at risk until the last one no longer is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from podforecast.alerting.grouping import lasting, opened, resolved
from podforecast.alerting.storm import counting
from podforecast.alerting.tracking import (
    PATIENCE,
    Ended,
    Rules,
    Track,
    begun,
    followed,
    restarted,
)
from podforecast.domain.alerts import Alert, Change, ChangeKind, Observation, WorkloadKey
from podforecast.domain.pods import PodRef

RATE_WINDOW_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """All that is remembered from one scan to the next."""

    at: float | None = None
    """Time of the latest scan, Unix seconds; None before the first."""
    tracks: tuple[Track, ...] = ()
    alerts: tuple[Alert, ...] = ()
    """One per workload at risk, those that the rate limit holds back included."""
    storm: Alert | None = None
    """Counts those that are held back; None where none is."""
    raised_at: tuple[float, ...] = ()
    """When alerts were raised in the last ten minutes."""

    @property
    def told(self) -> tuple[Alert, ...]:
        """Alerts that last and that people hear of."""
        counted = () if self.storm is None else (self.storm,)
        return (*(alert for alert in self.alerts if alert.told), *counted)

    @property
    def pods(self) -> Mapping[PodRef, str]:
        """Pods that have to be observed, whatever their probability is, and their workloads."""
        return {track.pod: track.workload for track in self.tracks}


def step(
    state: PolicyState, observations: Iterable[Observation], now: float, *, rules: Rules
) -> tuple[PolicyState, tuple[Change, ...]]:
    """Take one scan into account.

    Parameters
    ----------
    observations
        Of every pod of ``state.pods`` that is there, and of every pod at or above ``rules.enter``;
        others change nothing.
    now
        Time of the scan, Unix seconds. A gap since the scan before, or a clock that was set back,
        starts all waiting anew: nothing is resolved, and nothing raised, for time nobody watched.

    Returns
    -------
    PolicyState
        For the next step.
    tuple of Change
        What has happened, at most one change per alert.
    """
    seen = {observation.pod: observation for observation in observations}
    tracks, ended = _followed(state, seen, now, rules)
    at_risk: dict[WorkloadKey, list[Track]] = defaultdict(list)
    for track in tracks:
        if track.raised and not track.muted:
            at_risk[track.owner].append(track)
    kept, changes = _lasting(state, at_risk, ended, seen, now)
    news, raised_at, raised = _opened(state, kept, at_risk, seen, now, rules)
    storm, counted = counting(state.storm, (*kept, *news), now, rules)
    after = PolicyState(
        at=now, tracks=tracks, alerts=(*kept, *news), storm=storm, raised_at=raised_at
    )
    silenced = _silenced(state, tracks, seen, now, rules)
    return after, (*changes, *raised, *counted, *silenced)


def _followed(
    state: PolicyState, seen: Mapping[PodRef, Observation], now: float, rules: Rules
) -> tuple[tuple[Track, ...], dict[WorkloadKey, list[Ended]]]:
    """Follow the known pods and begin with new ones; the second are those that are over."""
    gap = 0.0 if state.at is None else now - state.at
    known = state.tracks
    if not 0.0 <= gap <= PATIENCE.total_seconds():
        known = tuple(restarted(track, now) for track in known)
    tracks: list[Track] = []
    ended: dict[WorkloadKey, list[Ended]] = defaultdict(list)
    for track in known:
        found = followed(track, seen.get(track.pod), now, rules)
        if isinstance(found, Ended):
            ended[found.track.owner].append(found)
        elif found is not None:
            tracks.append(found)
    new = (begun(seen[pod], now, rules) for pod in seen.keys() - state.pods.keys())
    tracks.extend(track for track in new if track is not None)
    return tuple(sorted(tracks, key=lambda track: track.pod)), ended


def _lasting(
    state: PolicyState,
    at_risk: Mapping[WorkloadKey, Sequence[Track]],
    ended: Mapping[WorkloadKey, Sequence[Ended]],
    seen: Mapping[PodRef, Observation],
    now: float,
) -> tuple[list[Alert], list[Change]]:
    """Bring the open alerts up to date, and resolve those without a pod at risk."""
    kept, changes = [], []
    for alert in state.alerts:
        workload = alert.fingerprint.owner
        over = ended.get(workload, ())
        if workload in at_risk:
            after, kind = lasting(alert, at_risk[workload], over, seen)
            kept.append(after)
        else:
            after, kind = resolved(alert, over, now), ChangeKind.RESOLVED
        if kind is not None and after.told:
            changes.append(Change(kind=kind, alert=after))
    return kept, changes


def _opened(
    state: PolicyState,
    kept: Sequence[Alert],
    at_risk: Mapping[WorkloadKey, Sequence[Track]],
    seen: Mapping[PodRef, Observation],
    now: float,
    rules: Rules,
) -> tuple[list[Alert], tuple[float, ...], list[Change]]:
    """Open alerts for workloads without one, the riskiest first, as far as the rate limit goes."""
    open_now = {alert.fingerprint.owner for alert in kept}
    lately = [at for at in state.raised_at if now - RATE_WINDOW_SECONDS < at <= now]
    new = [
        opened(tracks, seen, now, rules)
        for owner, tracks in at_risk.items()
        if owner not in open_now
    ]
    new.sort(key=lambda alert: (-alert.probability, alert.fingerprint))
    free = max(0, rules.most_per_10_minutes - len(lately))
    told = [replace(alert, revision=1) for alert in new[:free]]
    held_back = [replace(alert, told=False) for alert in new[free:]]
    changes = [Change(kind=ChangeKind.RAISED, alert=alert) for alert in told]
    changes += [Change(kind=ChangeKind.LIMITED, alert=alert) for alert in held_back]
    return [*told, *held_back], (*lately, *(now for _ in told)), changes


def _silenced(
    state: PolicyState,
    tracks: Sequence[Track],
    seen: Mapping[PodRef, Observation],
    now: float,
    rules: Rules,
) -> list[Change]:
    """Count muted pods that have just come to be at risk: for the metrics alone."""
    before = {track.pod for track in state.tracks if track.raised and track.muted}
    return [
        Change(kind=ChangeKind.MUTED, alert=replace(opened([track], seen, now, rules), told=False))
        for track in tracks
        if track.raised and track.muted and track.pod not in before
    ]

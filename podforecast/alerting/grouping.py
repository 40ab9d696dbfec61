"""The alert of one workload: how it opens, grows and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from podforecast.alerting.tracking import Ended, Rules, Sight, Track
from podforecast.domain.alerts import (
    NOT_EXPLAINED,
    Alert,
    AlertOutcome,
    ChangeKind,
    Fingerprint,
    Observation,
    PodAtRisk,
    Severity,
    Why,
    severity_of,
)
from podforecast.domain.pods import PodRef

MOST_FAILED = 50
"""An alert may last for days: the latest failures are enough."""
_SERIOUSNESS = (
    AlertOutcome.FAILED,
    AlertOutcome.CALMED,
    AlertOutcome.LOST_SIGHT,
    AlertOutcome.VANISHED,
)
"""The outcome of an alert is the first of these that one of its pods ended with."""

Seen = Mapping[PodRef, Observation]


def opened(tracks: Sequence[Track], seen: Seen, now: float, rules: Rules) -> Alert:
    """Open the alert of a workload with these pods at risk."""
    pods = _pods(tracks)
    why = _why(tracks, seen) or NOT_EXPLAINED
    namespace, workload = tracks[0].owner
    highest = max(track.probability for track in tracks)
    return Alert(
        fingerprint=Fingerprint(rules.cluster, namespace, workload, why.cause),
        started_at=now,
        severity=severity_of(highest),
        probability=highest,
        peak=highest,
        pods=pods,
        pod_count=len(pods),
        why=why,
        issue_type=why.issue_type,
    )


def lasting(
    alert: Alert, tracks: Sequence[Track], ended: Sequence[Ended], seen: Seen
) -> tuple[Alert, ChangeKind | None]:
    """Bring an alert up to date, and say what has happened to it: the gravest, if anything."""
    pods = _pods(tracks)
    highest = max(track.probability for track in tracks)
    critical = Severity.CRITICAL in {alert.severity, severity_of(highest)}
    after = replace(
        alert,
        pods=pods,
        pod_count=len(pods),
        probability=highest,
        peak=max(alert.peak, highest),
        severity=Severity.CRITICAL if critical else Severity.WARNING,
        why=_why(tracks, seen) or alert.why,
        failed=_failed(alert, [*tracks, *(each.track for each in ended)]),
    )
    kind = _kind(alert, after)
    told = kind is not None and alert.told
    return (replace(after, revision=alert.revision + 1) if told else after), kind


def resolved(alert: Alert, ended: Sequence[Ended], now: float) -> Alert:
    """End an alert: none of its pods is at risk any more."""
    failed = _failed(alert, [each.track for each in ended])
    outcomes = {each.outcome for each in ended} | ({AlertOutcome.FAILED} if failed else set())
    # Without a pod that ended, those at risk have been muted: they are followed all the same.
    outcome = next((each for each in _SERIOUSNESS if each in outcomes), AlertOutcome.MUTED)
    return replace(alert, ended_at=now, outcome=outcome, failed=failed, revision=alert.revision + 1)


def _kind(before: Alert, after: Alert) -> ChangeKind | None:
    if after.failed != before.failed:
        return ChangeKind.FAILED
    if after.severity is not before.severity:
        return ChangeKind.WORSENED
    if {each.pod for each in after.pods} - {each.pod for each in before.pods}:
        return ChangeKind.JOINED
    return None


def _pods(tracks: Sequence[Track]) -> tuple[PodAtRisk, ...]:
    return tuple(_pod(track) for track in _riskiest(tracks))


def _pod(track: Track) -> PodAtRisk:
    return PodAtRisk(pod=track.pod, probability=track.probability, failed_at=track.failed_at)


def _failed(alert: Alert, tracks: Sequence[Track]) -> tuple[PodAtRisk, ...]:
    """Add the failures that are not known yet, in order of time."""
    known = {(each.pod, each.failed_at) for each in alert.failed}
    new = [
        _pod(track)
        for track in tracks
        if track.failed_at is not None and (track.pod, track.failed_at) not in known
    ]
    new.sort(key=lambda each: (each.failed_at or 0.0, each.pod))
    return (*alert.failed, *new)[-MOST_FAILED:]


def _why(tracks: Sequence[Track], seen: Seen) -> Why | None:
    """What the forecast of the riskiest pod rests on that is not calm; None if none was explained.

    Of a pod that has failed and is calm again, the reasons from before say more.
    """
    risky = [track for track in tracks if track.sight in {Sight.ABOVE, Sight.BETWEEN}]
    observed = (seen.get(each.pod) for each in _riskiest(risky))
    return next((each.why for each in observed if each is not None and each.why is not None), None)


def _riskiest(tracks: Sequence[Track]) -> list[Track]:
    return sorted(tracks, key=lambda track: (-track.probability, track.pod))

"""One alert that counts those which the rate limit holds back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from podforecast.alerting.tracking import Rules
from podforecast.domain.alerts import (
    Alert,
    AlertOutcome,
    Cause,
    Change,
    ChangeKind,
    Fingerprint,
    Severity,
    Why,
)
from podforecast.domain.issues import IssueType

MOST_NAMED = 10
"""Workloads, and pods, that the alert names; it counts all."""


def counting(
    storm: Alert | None, alerts: Sequence[Alert], now: float, rules: Rules
) -> tuple[Alert | None, tuple[Change, ...]]:
    """Bring the counting alert up to date; None where nothing is held back.

    Parameters
    ----------
    storm
        As of the scan before.
    alerts
        All that last.
    """
    held_back = sorted(
        (alert for alert in alerts if not alert.told), key=lambda alert: -alert.probability
    )
    if not held_back:
        return (None, ()) if storm is None else (None, (_over(storm, now),))
    if storm is None:
        raised = _counted(_begun(held_back, now, rules), held_back)
        return raised, (Change(kind=ChangeKind.RAISED, alert=raised),)
    after = _counted(storm, held_back)
    if after.severity is storm.severity:
        return after, ()
    after = replace(after, revision=after.revision + 1)
    return after, (Change(kind=ChangeKind.WORSENED, alert=after),)


def _begun(held_back: Sequence[Alert], now: float, rules: Rules) -> Alert:
    return replace(
        held_back[0],
        fingerprint=Fingerprint(rules.cluster, "", rules.shard, Cause.MANY),
        started_at=now,
        issue_type=IssueType.NONE,
        failed=(),
        told=True,
        revision=1,
    )


def _counted(storm: Alert, held_back: Sequence[Alert]) -> Alert:
    worst = [storm.severity, *(alert.severity for alert in held_back)]
    riskiest = held_back[0].probability
    return replace(
        storm,
        severity=Severity.CRITICAL if Severity.CRITICAL in worst else Severity.WARNING,
        probability=riskiest,
        peak=max(storm.peak, riskiest),
        pods=tuple(alert.pods[0] for alert in held_back[:MOST_NAMED]),
        pod_count=sum(alert.pod_count for alert in held_back),
        workload_count=len(held_back),
        why=Why(cause=Cause.MANY, reasons=tuple(_named(held_back))),
    )


def _named(held_back: Sequence[Alert]) -> list[str]:
    return [
        f"{alert.fingerprint.namespace}/{alert.fingerprint.workload}: {alert.probability:.0%}"
        f" ({alert.why.cause})"
        for alert in held_back[:MOST_NAMED]
    ]


def _over(storm: Alert, now: float) -> Change:
    ended = replace(storm, ended_at=now, outcome=AlertOutcome.CALMED, revision=storm.revision + 1)
    return Change(kind=ChangeKind.RESOLVED, alert=ended)

"""A change as the JSON document that webhooks get; ``docs/alerts.md`` describes it."""

from __future__ import annotations

from typing import Any

import orjson

from podforecast.alerting.channels.wording import Links, summary, utc
from podforecast.domain.alerts import Alert, Change, PodAtRisk, Standing
from podforecast.domain.issues import IssueType

VERSION = 1
"""Grows when a field is renamed or changes its meaning; a new field alone does not count."""
MOST_PODS = 100
"""Per document; ``pod_count`` counts all."""


def document(change: Change, standing: Standing, links: Links) -> bytes:
    """Write a change; the same bytes at every attempt to send it."""
    alert = change.alert
    return orjson.dumps(
        {
            "version": VERSION,
            "event": change.kind.value,
            "at": utc(standing.at),
            "summary": summary(alert, standing.horizon),
            "alert": _alert(alert),
            "horizon_minutes": standing.horizon.total_seconds() / 60,
            "model_version": standing.model_version,
            "runbook_url": links.runbook(alert.fingerprint.cause) or None,
            "dashboard_url": links.dashboard(alert) or None,
        }
    )


def _alert(alert: Alert) -> dict[str, Any]:
    print_ = alert.fingerprint
    return {
        "id": alert.id,
        "revision": alert.revision,
        "cluster": print_.cluster or None,
        "namespace": print_.namespace or None,
        "workload": print_.workload or None,
        "cause": print_.cause.value,
        "issue_type": None if alert.issue_type is IssueType.NONE else alert.issue_type.value,
        "issue_confidence": alert.why.issue_confidence,
        "pod_status": None if alert.why.pod_status is None else alert.why.pod_status.value,
        "severity": alert.severity.value,
        "started_at": utc(alert.started_at),
        "ended_at": None if alert.ended_at is None else utc(alert.ended_at),
        "outcome": None if alert.outcome is None else alert.outcome.value,
        "probability": alert.probability,
        "peak": alert.peak,
        "workload_count": alert.workload_count,
        "pod_count": alert.pod_count,
        "pods": [_pod(each) for each in alert.pods[:MOST_PODS]],
        "failed": [_pod(each) for each in alert.failed],
        "reasons": list(alert.why.reasons),
        "advice": alert.why.advice or None,
        "actions": list(alert.why.actions),
    }


def _pod(each: PodAtRisk) -> dict[str, Any]:
    return {
        "namespace": each.pod.namespace,
        "pod": each.pod.name,
        "probability": each.probability,
        "failed_at": None if each.failed_at is None else utc(each.failed_at),
    }

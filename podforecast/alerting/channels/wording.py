"""Alerts in words, for people: the same in every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from podforecast.domain.alerts import Alert, Cause, PodAtRisk

MOST_PODS_NAMED = 10
RUNBOOK_ENTRIES: Mapping[Cause, str] = {
    Cause.MEMORY: "Memory runs out",
    Cause.CPU: "CPU is at its limit",
    Cause.LATENCY: "It answers slowly",
    Cause.ERRORS: "It answers or logs errors",
    Cause.PROBES: "Health probes fail",
    Cause.FILE_DESCRIPTORS: "File descriptors run out",
    Cause.RESTARTS: "It keeps restarting",
    Cause.WORKLOAD: "The whole workload is in trouble",
    Cause.REVISION: "A new revision is at fault",
    Cause.NODE: "The node is under pressure",
    Cause.NETWORK: "The network loses packets",
    Cause.DISK: "A volume fills up",
    Cause.UNKNOWN: "No single cause leads",
    Cause.MANY: "Many workloads are at risk at once",
}
"""Headings of docs/runbook.md; a test shows those that are missing there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where people can read on; empty where nothing is configured."""

    runbook_url: str = ""
    """Page of the runbook, without a fragment."""
    dashboard_url: str = ""
    """Base address of the dashboard."""

    def runbook(self, cause: Cause) -> str:
        """Address of the entry for a cause.

        >>> Links(runbook_url="https://wiki/runbook").runbook(Cause.CPU)
        'https://wiki/runbook#cpu-is-at-its-limit'
        """
        anchor = RUNBOOK_ENTRIES[cause].lower().replace(" ", "-")
        return f"{self.runbook_url}#{anchor}" if self.runbook_url else ""

    def dashboard(self, alert: Alert) -> str:
        """Address of the riskiest pod's page; of the list of pods for the alert that counts."""
        if not self.dashboard_url:
            return ""
        one = alert.fingerprint.cause is not Cause.MANY and alert.pods
        query = {"pod": str(alert.pods[0].pod)} if one else {"state": "at_risk"}
        return f"{self.dashboard_url.rstrip('/')}/fleet?{urlencode(query)}"


def percent(probability: float) -> str:
    """Write a probability, and never claim certainty.

    >>> percent(0.934), percent(0.999)
    ('93 %', 'over 99 %')
    """
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def issue(alert: Alert) -> str:
    """Say what kind of trouble is likeliest now, and how likely; empty where nobody knows.

    For example ``84 % resource_exhaustion``.
    """
    confidence = alert.why.issue_confidence
    return "" if confidence is None else f"{percent(confidence)} {alert.why.issue_type}"


def summary(alert: Alert, horizon: timedelta) -> str:
    """Say in one sentence who is at risk, how much, and how soon."""
    within = f"within {horizon.total_seconds() / 60:g} min"
    if alert.fingerprint.cause is Cause.MANY:
        n, pods = alert.workload_count, alert.pod_count
        return (
            f"{_counted(n, 'more workload')} with {_counted(pods, 'pod')} likely to fail {within},"
            f" the riskiest with {percent(alert.probability)}"
        )
    owner = f"{alert.fingerprint.namespace}/{alert.fingerprint.workload}"
    down = sum(each.failed_at is not None for each in alert.failed)
    if down:
        more = sum(each.failed_at is None for each in alert.pods)
        rest = f"; {more} more likely to fail {within}" if more and alert.ended_at is None else ""
        return f"{_counted(down, 'pod')} of {owner} failed, as announced{rest}"
    if alert.pod_count == 1:
        name, chance = alert.pods[0].pod.name, percent(alert.probability)
        return f"{name} of {owner} is likely to fail {within} ({chance})"
    chance = percent(alert.probability)
    return f"{alert.pod_count} pods of {owner} are likely to fail {within} (up to {chance})"


def pods(alert: Alert) -> str:
    """Name the riskiest pods.

    For example ``cart-0 (93 %), cart-1 (81 %) and 2 more``.
    """
    named = ", ".join(_pod(each) for each in alert.pods[:MOST_PODS_NAMED])
    more = alert.pod_count - min(len(alert.pods), MOST_PODS_NAMED)
    return f"{named} and {more} more" if more > 0 else named


def utc(seconds: float) -> str:
    """Write a moment as RFC 3339.

    >>> utc(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _pod(each: PodAtRisk) -> str:
    chance = "" if each.probability is None else percent(each.probability)
    fell = "" if each.failed_at is None else f"failed at {utc(each.failed_at)}"
    return f"{each.pod.name} ({fell or chance})"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

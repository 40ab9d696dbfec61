"""Checks of the server itself: answers, credentials, clocks, limits, clusters, copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from podforecast.diagnosis.facts import Copies, Facts
from podforecast.diagnosis.finding import Finding
from podforecast.domain.telemetry import HISTORY, STEP
from podforecast.errors import PodforecastError, TelemetryRefused
from podforecast.telemetry.prometheus.api import MAX_POINTS

SKEW_SECONDS = 5.0
"""A third of a step: more, and the newest sample of a window belongs to another moment."""
LONGEST_DELAY_SECONDS = 300.0
"""More the setting does not allow: a forecast of the next five minutes would be of the past."""
SLOW_SECONDS = 2.0
"""For the time of day. A scan asks a dozen queries within its interval of 15 s."""
SELECTORS_IN_A_QUERY = 8
"""Of the longest one, each loading a series per container and step."""
SELECTOR = "PODFORECAST_PROMETHEUS__SELECTOR"


def refused(error: PodforecastError, *, address: str, shown: str) -> tuple[Finding, ...]:
    """What a server that does not answer the first question comes to.

    Parameters
    ----------
    error
        Why it did not.
    address
        Of the server, without credentials.
    shown
        As whom it was asked, in words.
    """
    cost = "nothing can be forecast"
    codes = [code for code in ("401", "403") if f"answered {code}" in error.message]
    if not (isinstance(error, TelemetryRefused) and codes):
        return (Finding(check="reachable", state="wrong", found=error.message, cost=cost,
                        fix=error.hint, fatal=True),)  # fmt: skip
    fix = _WAY_IN["tenant" if _wants_tenant(error.message) else codes[0]]
    return (
        Finding(check="reachable", state="ok", found=f"{address} answers"),
        Finding(check="credentials", state="wrong", found=f"{error.message}; asked {shown}",
                cost=cost, fix=fix, fatal=True),
    )  # fmt: skip


_WAY_IN = {
    "tenant": 'It wants a tenant: PODFORECAST_PROMETHEUS__HEADERS={"X-Scope-OrgID": "<tenant>"}.',
    "401": "It does not know you: PODFORECAST_PROMETHEUS__TOKEN_FILE, or __USERNAME and"
    " __PASSWORD, or __CLIENT_CERT_FILE and __CLIENT_KEY_FILE.",
    "403": "It knows you, and will not let you query: grant this user read access to the query"
    " API; look at the proxy in front of it, and the tenant header.",
}


def _wants_tenant(message: str) -> bool:
    return any(word in message.lower() for word in ("org id", "orgid", "tenant"))


def reachable(facts: Facts) -> Iterator[Finding]:
    server = facts.server
    found = f"{server.address} answered in {server.answered_seconds:.2f} s"
    if server.answered_seconds <= SLOW_SECONDS:
        yield Finding(check="reachable", state="ok", found=found)
        return
    yield Finding(
        check="reachable",
        state="wrong",
        found=f"{found}: slow",
        cost="a scan asks a dozen queries and is due every 15 s: forecasts come late",
        fix="Look at the server's load; PODFORECAST_WATCH__INTERVAL=0:01:00 asks less often.",
    )


def version(facts: Facts) -> Iterator[Finding]:
    server = facts.server
    if server.version:
        found = f"{server.product} {server.version}"
        yield Finding(check="version", state="ok", found=found)
    else:
        yield Finding(check="version", state="unknown", found="it does not say what it is")
    if server.tenant:
        yield Finding(check="tenant header", state="ok", found="is sent, and accepted")


def clock(facts: Facts) -> Iterator[Finding]:
    skew = facts.server.skew_seconds
    found = f"the server's clock is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} ours"
    if abs(skew) <= SKEW_SECONDS:
        yield Finding(check="clock", state="ok", found=found)
        return
    yield Finding(
        check="clock",
        state="wrong",
        found=found,
        cost="forecasts are late by as much"
        if skew > 0
        else "the newest samples of a scan are"
        " still to come: pods look as if they were not scraped",
        fix="Synchronise both clocks (chrony, systemd-timesyncd)."
        + (f" Until then: {delayed(-skew)}." if 0 < -skew <= LONGEST_DELAY_SECONDS else ""),
    )


def limits(facts: Facts) -> Iterator[Finding]:
    most = facts.server.most_samples
    paged = f"{MAX_POINTS} points per series are kept by asking in pages"
    if most is None:
        found = f"it does not say how many samples a query may load; {paged}"
        yield Finding(check="query limits", state="unknown", found=found)
        return
    containers = facts.metrics["kube_pod_container_info"].series
    needed = containers * (HISTORY // STEP + 1) * SELECTORS_IN_A_QUERY
    found = f"--query.max-samples {most}; the first hour of {containers} containers loads some"
    if needed <= most:
        yield Finding(check="query limits", state="ok", found=f"{found} {needed}; {paged}")
        return
    yield Finding(
        check="query limits",
        state="wrong",
        found=f"{found} {needed}",
        cost="the first read is taken apart by namespace: a slower start, no other forecasts",
        fix=f"--query.max-samples={needed * 2}, or watch with --shard 1/2 and 2/2.",
    )


def clusters(facts: Facts) -> Iterator[Finding]:
    several = {label: names for label, names in facts.clusters.items() if len(names) > 1}
    if not several:
        named = [f"{label}={names[0]}" for label, names in facts.clusters.items()]
        found = f"one: {named[0]}" if named else "one, or none is named by a label"
        yield Finding(check="clusters", state="ok", found=found)
        return
    for label, names in several.items():
        yield Finding(
            check="clusters",
            state="wrong",
            found=f"{len(names)} in one Prometheus, label {label}: {', '.join(names[:5])}"
            + (" …" if len(names) > 5 else ""),
            cost="pods of the same name in two clusters are taken for one",
            fix=f"{SELECTOR}='{label}=\"{names[0]}\"', and one watcher per cluster.",
        )


def copies(facts: Facts) -> Iterator[Finding]:
    labels = {label for label, names in facts.clusters.items() if len(names) > 1}
    for exporter, found in facts.copies.items():
        check = f"copies, {exporter}"
        if found.most <= 1:
            yield Finding(check=check, state="ok", found="every series is there once")
        elif not labels & set(found.labels):
            told = _told_apart(found)
            yield Finding(check=check, state="ok", found=f"{found.most} of a series, {told};"
                          " costs nothing: the highest of them is taken")  # fmt: skip


def _told_apart(found: Copies) -> str:
    named = [f"{label} ({', '.join(values[:3])})" for label, values in found.labels.items()]
    return f"told apart by {', '.join(named[:3])}"


def delayed(seconds: float) -> str:
    """Write the setting that lets scans look back at least so far: whole steps.

    >>> delayed(16.0)
    'PODFORECAST_WATCH__DELAY=0:00:30'
    """
    return f"PODFORECAST_WATCH__DELAY={-(-timedelta(seconds=seconds) // STEP) * STEP}"


SERVER_CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    reachable,
    version,
    clock,
    limits,
    clusters,
    copies,
)

"""Checks of what arrives: how often, how late, and for how many pods it is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from podforecast.diagnosis.facts import Facts, Fleet, Pace
from podforecast.diagnosis.finding import Finding
from podforecast.diagnosis.questions import PACED
from podforecast.diagnosis.server_checks import LONGEST_DELAY_SECONDS, delayed
from podforecast.domain.telemetry import STEP, WINDOW
from podforecast.model.labels import MIN_COVERAGE
from podforecast.telemetry.prometheus.queries import promql_duration, rate_window_of

MANY_INSUFFICIENT = 0.1
"""Share of pods; some are always being started."""
RATED = ("cAdvisor", "pod endpoints")
"""Exporters that rates are taken of."""
LATE_SECONDS = 15.0
"""A step beyond the interval: remote write and Thanos are behind by more, a scrape never is."""


def scrape_intervals(facts: Facts) -> Iterator[Finding]:
    for exporter in PACED:
        interval = facts.paces[exporter].interval_seconds
        check = f"interval, {exporter}"
        if interval is None:
            yield Finding(check=check, state="unknown", found="too few samples to tell")
        else:
            yield _interval(check, exporter, interval, facts.scrape_interval)
    yield from _longer_than_needed(facts)


def _longer_than_needed(facts: Facts) -> Iterator[Finding]:
    found = [facts.paces[each].interval_seconds for each in PACED if each in RATED]
    known = [seconds for seconds in found if seconds is not None]
    if len(known) < len(found):
        return
    window = rate_window_of(facts.scrape_interval)
    enough = rate_window_of(timedelta(seconds=round(max(known))))
    if window > enough:
        yield Finding(
            check="interval, setting",
            state="wrong",
            found=f"scrapes are {max(known):.0f} s apart, the setting says"
            f" {facts.scrape_interval.total_seconds():.0f} s",
            cost=f"rates are taken over {promql_duration(window)} instead of"
            f" {promql_duration(enough)}: what rises shows later",
            fix=f"Set {scraped_every(max(known))}.",
        )


def _interval(check: str, exporter: str, interval: float, expected: timedelta) -> Finding:
    samples = int(WINDOW.total_seconds() // interval) + 1
    found = f"{interval:.0f} s: {samples} samples in a window of 3 minutes"
    costs, fixes = [], []
    if interval > STEP.total_seconds() + 1:
        costs.append(_lateness(exporter, interval, samples))
        fixes.append(f"scrape_interval: {STEP.total_seconds():.0f}s in its scrape job.")
    if exporter in RATED and (cost := _of_rates(interval, expected)):
        costs.append(cost)
        until = "Until then" if fixes else "Set"
        fixes.append(f"{until}: {scraped_every(interval)}; of several intervals, the longest.")
    return Finding(
        check=check,
        state="wrong" if costs else "ok",
        found=found,
        cost="; ".join(costs),
        fix=" ".join(fixes),
        fatal=exporter == "cAdvisor" and interval >= rate_window_of(expected).total_seconds(),
    )


def _lateness(exporter: str, interval: float, samples: int) -> str:
    if exporter == "kube-state-metrics":
        return f"restarts and new pods are seen up to {interval:.0f} s late"
    return (
        f"trends rest on {samples} samples instead of 13, and are up to {interval:.0f} s late"
        " (measured: docs/cluster.md)"
    )


def _of_rates(interval: float, expected: timedelta) -> str:
    """What rates lose by a setting that is not how it is."""
    window = rate_window_of(expected)
    over = f"rates over {promql_duration(window)}"
    if interval >= window.total_seconds():
        return (
            f"{over} have no two samples: CPU or request rates are unknown, and without CPU a pod"
            f" is covered by half, below the {MIN_COVERAGE:.0%} that it needs"
        )
    if interval > window.total_seconds() / 2:
        return f"{over} often have one sample only and are unknown then"
    if interval > window.total_seconds() / 3:
        return f"{over} are unknown where one scrape fails"
    return ""


def scraped_every(seconds: float) -> str:
    """Write the setting for scrapes so far apart.

    >>> scraped_every(59.998)
    'PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL=0:01:00'
    """
    return f"PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL={timedelta(seconds=round(seconds))}"


def delay(facts: Facts) -> Iterator[Finding]:
    """Compare the newest samples with the server's clock."""
    late = {
        exporter: seconds
        for exporter, pace in facts.paces.items()
        if (seconds := _beyond_interval(pace)) is not None and seconds > LATE_SECONDS
    }
    ages = [p.newest_age_seconds for p in facts.paces.values() if p.newest_age_seconds is not None]
    if not ages:
        return
    if not late:
        yield Finding(check="delay", state="ok", found=f"newest sample {min(ages):.0f} s ago")
        return
    worst = max(late, key=lambda exporter: late[exporter])
    wait = f"{delayed(late[worst])} (remote write and Thanos deliver late), or see"
    yield Finding(
        check="delay",
        state="wrong",
        found=f"the newest sample of {worst} is {late[worst]:.0f} s older than its scrape interval",
        cost="scans look at samples that have not arrived: the end of each window is unknown",
        fix=f"{wait if late[worst] <= LONGEST_DELAY_SECONDS else 'See'} why scrapes fail.",
    )


def _beyond_interval(pace: Pace) -> float | None:
    if pace.newest_age_seconds is None:
        return None
    return pace.newest_age_seconds - (pace.interval_seconds or STEP.total_seconds())


def muting(facts: Facts) -> Iterator[Finding]:
    if facts.muting is None:
        yield Finding(
            check="muting",
            state="missing",
            found="kube-state-metrics exports no annotations",
            cost="pods can not be muted by annotation; forecasts lose nothing",
            fix=f"--metric-annotations-allowlist=pods=[{facts.mute_annotation}] on"
            " kube-state-metrics.",
        )
    else:
        yield Finding(check="muting", state="ok", found=f"{facts.muting} pods have the annotation")


def pods(facts: Facts) -> Iterator[Finding]:
    fleet = facts.fleet
    if not isinstance(fleet, Fleet):
        yield Finding(check="pods", state="wrong", found=fleet.message, fix=fleet.hint,
                      cost="nothing can be forecast", fatal=True)  # fmt: skip
        return
    found = (
        f"{fleet.pods} pods in {fleet.read_seconds:.1f} s: {fleet.scored} can be forecast,"
        f" {fleet.failing} are failing already, {fleet.insufficient} have too little data"
    )
    if not fleet.scored:
        yield Finding(
            check="pods",
            state="wrong",
            found=found,
            cost="nothing can be forecast",
            fix="See the lines above; a cluster that was connected just now needs 3 minutes.",
            fatal=True,
        )
    elif fleet.insufficient > MANY_INSUFFICIENT * fleet.pods:
        yield Finding(
            check="pods",
            state="wrong",
            found=found,
            cost=f"{fleet.insufficient} pods are not forecast",
            fix="Pods younger than 3 minutes come by themselves. For the others, see which nodes'"
            " kubelets do not answer: `up == 0` in Prometheus.",
        )
    else:
        yield Finding(check="pods", state="ok", found=f"{found}; coverage {fleet.coverage:.0%}")


FLEET_CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    scrape_intervals,
    delay,
    muting,
    pods,
)

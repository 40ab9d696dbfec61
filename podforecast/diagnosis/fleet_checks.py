"""Checks of what arrives: how often, how late, and for how many pods it is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from podforecast.diagnosis.facts import Facts, Fleet, Pace
from podforecast.diagnosis.finding import Finding
from podforecast.diagnosis.questions import PACED
from podforecast.diagnosis.server_checks import LONGEST_DELAY_SECONDS, delayed
from podforecast.domain.telemetry import STEP, WINDOW
from podforecast.model.labels import MIN_COVERAGE
from podforecast.telemetry.prometheus.queries import RATE_WINDOW

MANY_INSUFFICIENT = 0.1
"""Share of pods; some are always being started."""
LATE_SECONDS = 15.0
"""A step beyond the interval: remote write and Thanos are behind by more, a scrape never is."""


def scrape_intervals(facts: Facts) -> Iterator[Finding]:
    for exporter in PACED:
        interval = facts.paces[exporter].interval_seconds
        check = f"interval, {exporter}"
        if interval is None:
            yield Finding(check=check, state="unknown", found="too few samples to tell")
        else:
            yield _interval(check, exporter, interval)


def _interval(check: str, exporter: str, interval: float) -> Finding:
    rate, step = RATE_WINDOW.total_seconds(), STEP.total_seconds()
    samples = int(WINDOW.total_seconds() // interval) + 1
    found = f"{interval:.0f} s: {samples} samples in a window of 3 minutes"
    if interval <= step + 1:
        return Finding(check=check, state="ok", found=found)
    cost = f"trends rest on {samples} samples instead of 13, and are up to {interval:.0f} s late"
    if exporter == "kube-state-metrics":
        cost = f"restarts and new pods are seen up to {interval:.0f} s late"
    elif interval >= rate:
        cost += (
            "; rates over a minute have no two samples: CPU or request rates are unknown, and"
            f" without CPU a pod is covered by half, below the {MIN_COVERAGE:.0%} that it needs"
        )
    elif interval > rate / 2:
        cost += "; rates over a minute often have one sample only and are unknown then"
    return Finding(check=check, state="wrong", found=found, cost=cost,
                   fix=f"scrape_interval: {step:.0f}s in its scrape job.")  # fmt: skip


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

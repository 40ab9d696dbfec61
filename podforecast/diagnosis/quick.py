"""A look at a Prometheus that takes a moment: four small queries, none of which loads a pod."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from podforecast.diagnosis.asking import page
from podforecast.diagnosis.exporters import exporter_of, own_metrics, signals_of
from podforecast.diagnosis.questions import names_there, selecting
from podforecast.features.build import SIGNALS_READ
from podforecast.telemetry.prometheus.queries import METRICS

if TYPE_CHECKING:
    from podforecast.telemetry.prometheus.api import QueryApi

LISTED_JOBS = 50
"""Those with most targets down come first; a cluster has some twenty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Targets of one scrape job."""

    job: str
    up: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMetric:
    """A wanted metric that is not there."""

    name: str
    exporter: str
    signals: tuple[str, ...]
    """That read it; another metric may stand in for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickLook:
    """What the server answered."""

    address: str
    product: str | None
    version: str | None
    answered_seconds: float
    """Of the ``up`` query."""
    up: int
    down: int
    jobs: tuple[Job, ...]
    """At most 50, those with most targets down first."""
    more_jobs: int
    metrics: tuple[str, ...]
    """Wanted ones that are there."""
    missing: tuple[MissingMetric, ...]
    signals_unknown: tuple[str, ...]
    """Signals of which no metric of their own is there."""


def quick_look(
    api: QueryApi,
    *,
    address: str,
    selector: str = "",
    total: timedelta = timedelta(seconds=5),
    clock: Callable[[], float] = time.monotonic,
) -> QuickLook:
    """Ask what is up, and which metrics there are.

    Parameters
    ----------
    api
        Of the server.
    address
        Of the server, without credentials.
    selector
        The operator's own label matchers.
    total
        How long all questions together may take.

    Raises
    ------
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
    """
    deadline = clock() + total.total_seconds()
    bounded = api.within(lambda: deadline - clock())
    now = bounded.now()
    started = clock()
    jobs = _jobs(bounded, now, selector)
    answered = clock() - started
    there = names_there(bounded, now, selector)
    build = page(bounded, "buildinfo")
    return QuickLook(
        address=address,
        product=build.get("application") or ("Prometheus" if build.get("version") else None),
        version=build.get("version"),
        answered_seconds=answered,
        up=sum(job.up for job in jobs),
        down=sum(job.down for job in jobs),
        jobs=tuple(jobs[:LISTED_JOBS]),
        more_jobs=max(0, len(jobs) - LISTED_JOBS),
        metrics=tuple(name for name in METRICS if name in there),
        missing=tuple(
            MissingMetric(name=name, exporter=exporter_of(name).name, signals=signals_of()[name])
            for name in METRICS
            if name not in there
        ),
        signals_unknown=tuple(
            name for name in SIGNALS_READ if own_metrics(name) and not own_metrics(name) & there
        ),
    )


def _jobs(api: QueryApi, now: float, selector: str) -> list[Job]:
    targets = selecting(selector, metric="up")
    up = {s.labels.get("job", ""): int(s.values[-1]) for s in
          api.at(f"sum by (job) ({targets})", now)}  # fmt: skip
    every = api.at(f"count by (job) ({targets})", now)
    found = [
        Job(job=name, up=up.get(name, 0), down=int(s.values[-1]) - up.get(name, 0))
        for s in every
        for name in (s.labels.get("job", ""),)
    ]
    return sorted(found, key=lambda job: (-job.down, job.job))

"""Asks a Prometheus everything that the checks want to know; some fifty small queries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import numpy as np

from podforecast.diagnosis import questions
from podforecast.diagnosis.facts import Asked, Facts, Fleet, Server
from podforecast.diagnosis.questions import IDENTITIES, PACED, UNKNOWN_PACE
from podforecast.domain.telemetry import WINDOW, TelemetrySource, aligned
from podforecast.errors import PodforecastError, TelemetryMalformed, TelemetryRefused
from podforecast.features.build import SIGNALS_READ, build
from podforecast.model.labels import scorable
from podforecast.telemetry.prometheus.answers import QueryRejected
from podforecast.telemetry.prometheus.api import QueryApi

NO_CLUSTERS: Mapping[str, Sequence[str]] = {}
Progress = Callable[[str], None]
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """A server, and how it is asked.

    Parameters
    ----------
    api
        Of the server.
    source
        The same server as the watcher reads it.
    address
        Of the server, without credentials.
    tenant
        Whether a tenant header is sent.
    """

    api: QueryApi
    source: TelemetrySource
    address: str
    tenant: bool
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


def ask(interview: Interview, asked: Asked, *, on_step: Progress = lambda _: None) -> Facts:
    """Ask everything.

    Raises
    ------
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
        If the server does not answer even what time it is. What it will not tell later on is
        left unknown.
    """
    on_step("the server")
    server = _server(interview)
    api, now = interview.api, interview.wall() + server.skew_seconds
    on_step("metrics")
    metrics, renamed = _told(
        lambda: questions.metrics(api, now, asked.selector),
        lambda: questions.named_only(api, now, asked.selector),
    )
    on_step("copies and clusters")
    copies = {
        name: _told(partial(questions.copies, api, now, asked.selector, *identity), lambda: None)
        for name, identity in IDENTITIES.items()
    }
    clusters = _told(lambda: questions.clusters(api, now, asked.selector), lambda: NO_CLUSTERS)
    on_step("scrape intervals")
    paces = {
        name: _told(partial(questions.pace, api, now, asked.selector, metric), lambda: UNKNOWN_PACE)
        for name, metric in PACED.items()
    }
    muting = _told(
        lambda: questions.muting(api, now, asked.selector, asked.mute_annotation), lambda: None
    )
    on_step("pods")
    return Facts(
        server=server,
        metrics=metrics,
        renamed_series=renamed,
        copies={name: found for name, found in copies.items() if found is not None},
        clusters=clusters,
        paces=paces,
        scrape_interval=asked.scrape_interval,
        mute_annotation=asked.mute_annotation,
        muting=muting,
        fleet=_fleet(interview, now - asked.delay.total_seconds()),
    )


def _told(question: Callable[[], Told], otherwise: Callable[[], Told]) -> Told:
    """Ask, and make do where the server rejects the query: too large for its limits, usually."""
    try:
        return question()
    except QueryRejected:
        return otherwise()


def _server(interview: Interview) -> Server:
    api = interview.api
    before = interview.wall()
    theirs = api.now()
    after = interview.wall()
    build, flags = page(api, "buildinfo"), page(api, "flags")
    most = flags.get("query.max-samples", "")
    return Server(
        address=interview.address,
        product=build.get("application") or ("Prometheus" if build.get("version") else ""),
        version=build.get("version", ""),
        answered_seconds=after - before,
        skew_seconds=theirs - (before + after) / 2,
        most_samples=int(most) if most.isdigit() else None,
        tenant=interview.tenant,
    )


def page(api: QueryApi, name: str) -> Mapping[str, str]:
    with suppress(TelemetryRefused, TelemetryMalformed):
        return api.status(name)
    return {}


def _fleet(interview: Interview, at: float) -> Fleet | PodforecastError:
    end = aligned(datetime.fromtimestamp(at, UTC))
    started = interview.monotonic()
    try:
        block = interview.source.read(SIGNALS_READ, start=end - WINDOW, end=end)
    except PodforecastError as error:
        return error
    seconds = interview.monotonic() - started
    table = build(block)
    scored = scorable(table)
    return Fleet(
        pods=len(table.pods),
        pods_with={
            name: int(np.isfinite(values).any(axis=1).sum())
            for name, values in block.signals.items()
        },
        scored=int(scored.sum()),
        failing=int(table.failing.sum()),
        insufficient=int((~scored & ~table.failing).sum()),
        coverage=float(table.coverage.mean()) if len(table.pods) else float("nan"),
        read_seconds=seconds,
    )

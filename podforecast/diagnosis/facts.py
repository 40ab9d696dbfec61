"""What was learned about a Prometheus: facts, before anybody judges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from podforecast.domain.telemetry import STEP
from podforecast.errors import PodforecastError


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server itself."""

    address: str
    """Without credentials."""
    product: str
    """``Prometheus``, or what else it calls itself; empty where it does not say."""
    version: str
    answered_seconds: float
    skew_seconds: float
    """Its clock minus ours, as exact as half the time it took to answer."""
    most_samples: int | None
    """``--query.max-samples``; None where it does not say."""
    tenant: bool
    """Whether a tenant header was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric as it is now."""

    series: int
    labelled: int
    """Of these, with the labels that the queries need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often something is scraped, and how late that arrives."""

    interval_seconds: float | None
    """Median distance of two samples; None where there are fewer."""
    newest_age_seconds: float | None
    """Of the newest sample of all its series, by the server's clock; None without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Series that say the same of the same pod more than once."""

    most: int
    """1 where there are no copies."""
    labels: Mapping[str, tuple[str, ...]]
    """By which labels, and values of these, the copies differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Pods in the last three minutes, through the pipeline's own eyes."""

    pods: int
    pods_with: Mapping[str, int]
    """By signal, how many pods have it."""
    scored: int
    failing: int
    insufficient: int
    coverage: float
    """Mean over pods; NaN without any."""
    read_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that was asked; None where the server would not tell."""

    server: Server
    metrics: Mapping[str, Metric]
    """By name; a metric that is absent has no series."""
    renamed_series: int
    """Of kube-state-metrics, with ``exported_pod`` instead of ``pod``."""
    copies: Mapping[str, Copies]
    """By exporter."""
    clusters: Mapping[str, Sequence[str]]
    """Labels that tell clusters apart, with their values."""
    paces: Mapping[str, Pace]
    """By exporter."""
    scrape_interval: timedelta
    """As the settings have it."""
    mute_annotation: str
    muting: int | None
    """Pods whose muting annotation is visible; None where no annotation of any pod is."""
    fleet: Fleet | PodforecastError
    """The error where the pods could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the questions were restricted to."""

    selector: str
    delay: timedelta
    mute_annotation: str
    scrape_interval: timedelta = STEP

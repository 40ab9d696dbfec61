"""The cluster that is watched, what is kept of it, and who is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from annotated_types import Interval
from pydantic import Field, HttpUrl, SecretStr

from podforecast.settings.values import Duration, Group, Port, Shard, Written


class PrometheusSettings(Group):
    """Where the cluster's telemetry is read from, and as whom."""

    url: HttpUrl = HttpUrl("http://127.0.0.1:9090")
    """Base address of Prometheus, Thanos, Mimir or VictoriaMetrics, with its path prefix."""

    timeout: Duration = timedelta(seconds=30)
    """How long one query may take altogether. Prometheus itself gives up after two minutes,
    by when a scan would be old news."""

    username: str = ""
    """For basic authentication; empty means none."""

    password: SecretStr = SecretStr("")
    """For basic authentication. Never logged."""

    token_file: Path | None = None
    """File with a bearer token. Read again for every request, because Kubernetes renews it."""

    ca_file: Path | None = None
    """Certificate authority that signed the server's certificate, where it is not a public one."""

    client_cert_file: Path | None = None
    """Certificate to present, for mutual TLS."""

    client_key_file: Path | None = None
    """Key of that certificate."""

    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Extra headers as a JSON object, for example ``{"X-Scope-OrgID": "team-a"}``."""

    selector: str = ""
    """Label matchers for every series, for example ``cluster="prod"`` where one Prometheus holds
    several clusters."""

    scrape_interval: Annotated[
        timedelta, Interval(ge=timedelta(seconds=1), le=timedelta(minutes=2)), Written
    ] = timedelta(seconds=15)
    """How far apart the scrapes of cAdvisor and of the pods are; ``doctor`` measures it. Rates are
    taken over four of them, a minute at least: with a shorter window than that there are none.
    Beyond two minutes Prometheus itself loses sight of a series when one scrape fails."""


class WatchSettings(Group):
    """How a cluster is watched; ``source`` has to be ``prometheus``."""

    host: str = "127.0.0.1"
    """Address that ``python -m podforecast watch`` listens on; 0.0.0.0 in a container."""

    port: Port = 8080
    """Port that ``python -m podforecast watch`` listens on."""

    interval: Annotated[
        timedelta, Interval(ge=timedelta(seconds=15), le=timedelta(minutes=5)), Written
    ] = timedelta(seconds=15)
    """From one scan to the next. Shorter than a scrape would see nothing new."""

    delay: Annotated[timedelta, Interval(ge=timedelta(0), le=timedelta(minutes=5)), Written] = (
        timedelta(0)
    )
    """How far behind the clock a scan looks, for a Prometheus that receives samples late (remote
    write, Thanos). Not needed for scrapes that are under way when a scan begins: the next scan
    sees them. Of pods that take a second to answer a scrape that is one in fifteen, and waiting
    for it would make the forecasts of all the others older."""

    cluster: str = ""
    """Name of the cluster on alerts; empty leaves the label out."""

    shard: Shard = "1/1"
    """Which part of the namespaces this watcher looks at: ``2/4`` is the second of four parts, by
    a hash of the namespace's name."""


class StoreSettings(Group):
    """Where forecasts, and what came of them, are kept."""

    url: SecretStr = SecretStr("sqlite:///var/podforecast.db")
    """Database: a file of SQLite, by default ``sqlite:///var/podforecast.db``, or
    ``postgresql://user:password@host/database``; empty keeps the history in memory only. A replay
    always does. Never logged."""

    retention: Annotated[
        timedelta, Interval(ge=timedelta(hours=1), le=timedelta(days=3650)), Written
    ] = timedelta(days=7)
    """Older scans are deleted. A thousand pods take 160 MB a day in SQLite, 440 MB in
    PostgreSQL."""

    timeout: Duration = timedelta(seconds=5)
    """How long a connection, a lock or an answer may take; the next scan waits for it."""


class AlertSettings(Group):
    """Who is told, and when. Nobody is, unless an address is set."""

    alertmanager_urls: tuple[HttpUrl, ...] = ()
    """Addresses of Alertmanagers, with their path prefix, as a JSON list; all of a cluster, as
    Prometheus does."""

    webhook_urls: tuple[SecretStr, ...] = ()
    """Addresses that get every change as JSON by POST, as a JSON list. Never logged: such an
    address is often its own password."""

    token_file: Path | None = None
    """File with a bearer token for the Alertmanagers; read again for every request."""

    enter: Annotated[float, Interval(gt=0.0, le=1.0)] | None = None
    """Probability from which a pod raises an alert; the model's threshold if not set."""

    leave_ratio: Annotated[float, Interval(gt=0.0, lt=1.0)] = 0.8
    """An alert ends below this share of ``enter``: noise around it must not flap."""

    hold: Annotated[timedelta, Interval(ge=timedelta(0), le=timedelta(minutes=5)), Written] = (
        timedelta(0)
    )
    """How long a pod has to stay above ``enter`` before anybody is told. Every second of it is
    taken from the lead time."""

    rest: Annotated[timedelta, Interval(ge=timedelta(0), le=timedelta(hours=1)), Written] = (
        timedelta(minutes=5)
    )
    """How long a pod has to stay below the end before its alert is resolved."""

    most_per_10_minutes: Annotated[int, Interval(ge=1, le=10_000)] = 20
    """New alerts within ten minutes; those beyond are told of in one alert that counts them."""

    mute_annotation: str = "podforecast.io/mute"
    """Pods with this annotation set to ``true`` are not alerted on. kube-state-metrics exports it
    where it is on its ``--metric-annotations-allowlist``."""

    timeout: Duration = timedelta(seconds=5)
    """How long one attempt to tell somebody may take."""

    runbook_url: HttpUrl | None = None
    """Where your people read ``docs/runbook.md``; alerts link to the entry of their cause."""

    dashboard_url: HttpUrl | None = None
    """Address of the dashboard as your people open it; alerts link to their riskiest pod."""

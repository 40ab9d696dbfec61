"""Everything that can be set from outside, read once, at an entry point.

``app.py``, ``streamlit_app.py`` and the commands build a :class:`Settings` and hand the values
down as plain arguments. A variable is named after its place here: ``PODFORECAST_MODEL_DIR``,
``PODFORECAST_PROMETHEUS__URL``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Gt, Interval
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from podforecast.errors import ConfigurationError

_SHORT = re.compile(r"(\d{1,8}(?:\.\d{1,6})?)\s*(s|m|h|d|)")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def as_span(text: object) -> object:
    """Read a duration as people and Prometheus write it; leave clocks and ISO 8601 to Pydantic.

    >>> str(as_span("30")), str(as_span("1m")), as_span("0:00:30")
    ('0:00:30', '0:01:00', '0:00:30')
    """
    if not isinstance(text, str):
        return text
    if found := _SHORT.fullmatch(text.strip()):
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    if ":" not in text and "P" not in text:
        raise ValueError("is no duration: write 30s, 1m or 0:00:30")
    return text


Written = BeforeValidator(as_span)
Duration = Annotated[timedelta, Gt(timedelta(0)), Written]
Port = Annotated[int, Interval(ge=1, le=65535)]
PREFIX = "PODFORECAST_"
Made = TypeVar("Made")


def _is_key(key: SecretStr) -> SecretStr:
    """Refuse what is guessed or can not be sent in a header; says nothing of what it is."""
    text = key.get_secret_value()
    if not SHORTEST_KEY <= len(text) <= LONGEST_KEY:
        raise ValueError(f"a key has {SHORTEST_KEY} to {LONGEST_KEY} characters, not {len(text)}")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("a key has visible ASCII characters only")
    return key


def _is_part(shard: str) -> str:
    part, _, parts = shard.partition("/")
    if int(part) > int(parts):
        raise ValueError(f"there is no part {part} of {parts}")
    return shard


SHORTEST_KEY = 16
"""Characters; as hexadecimal digits they are 64 bits, which nobody guesses over a network."""
LONGEST_KEY = 256
ApiKey = Annotated[SecretStr, AfterValidator(_is_key)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ApiSettings(_Group):
    """Where ``python app.py`` listens; ``uvicorn app:app`` has flags of its own for this."""

    host: str = "127.0.0.1"
    """Address to listen on. Only this machine by default; 0.0.0.0 in a container, whose network
    decides who gets in. The log warns where others can reach a service without keys."""

    port: Port = 8000
    """Port to listen on."""

    cors_origins: tuple[str, ...] = ()
    """Web origins whose pages may call the service, as a JSON list. None by default: the
    dashboard calls from its server, not from the browser."""

    body_timeout: Duration = timedelta(seconds=30)
    """How long the body of a request may take to arrive; 408 afterwards. A batch of 64 MiB needs
    a line of 18 Mbit/s for this."""

    answer_timeout: Duration = timedelta(seconds=60)
    """How long a caller may take to read an answer of more than 64 KiB; the connection is closed
    afterwards."""

    max_in_flight: Annotated[int, Interval(ge=1, le=100_000)] = 512
    """Requests answered at the same time; the next one is a 503. Probes and /metrics are always
    answered."""

    body_memory_mib: Annotated[int, Interval(ge=64, le=65_536)] = 128
    """What the bodies of all requests in flight may take together; a 503 beyond. At least the
    64 MiB of one batch."""


class LogSettings(_Group):
    """What the service writes down."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Nothing below it is written. From ``warning`` on, requests are written only if they were
    answered with 5xx."""

    requests: bool = True
    """Write one line per request to standard output. It has no body, no query, no header."""


class DashboardSettings(_Group):
    """Where ``python -m podforecast run`` puts the dashboard, and what it starts with."""

    host: str = "127.0.0.1"
    """Address the dashboard listens on; ``streamlit run`` has flags of its own for this."""

    port: Port = 8501
    """Port the dashboard listens on."""

    api_url: HttpUrl = HttpUrl("http://127.0.0.1:8000")
    """Address of the service; can be changed in the sidebar."""

    timeout: Duration = timedelta(seconds=10)
    """How long the service may take to answer before the page says that it does not."""

    api_key: SecretStr = SecretStr("")
    """One of the service's keys; empty if it has none. Sent to ``api_url`` only, whatever address
    is typed into the sidebar. Never logged."""


class PrometheusSettings(_Group):
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

    headers: dict[str, SecretStr] = {}
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


class WatchSettings(_Group):
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

    shard: Annotated[
        str, Field(pattern=r"^[1-9]\d{0,3}/[1-9]\d{0,3}$"), AfterValidator(_is_part)
    ] = "1/1"
    """Which part of the namespaces this watcher looks at: ``2/4`` is the second of four parts, by
    a hash of the namespace's name."""


class StoreSettings(_Group):
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


class AlertSettings(_Group):
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


class ReplaySettings(_Group):
    """Which recorded campaign the fleet view replays."""

    data_dir: Path = Path("data")
    """Folder of the recorded campaigns."""

    campaign: str = ""
    """Folder of the campaign in it; empty means the first one that is kept for testing, so that
    no model has seen what it forecasts here."""

    speed: Annotated[float, Interval(gt=0.0, le=120.0), AllowInfNan(False)] = 10.0
    """How many times faster than real time. A pod is scanned every 15 seconds of the recording,
    so twice the speed is twice the work."""

    start_minute: Annotated[float, Interval(ge=0.0, le=1440.0), AllowInfNan(False)] = 40.0
    """Minutes of the recording that have passed when the replay starts; the half hour before is
    scanned at the start, so that the timelines show something."""


class Settings(BaseSettings):
    """All settings; frozen, so that nothing changes under a running service."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    model_dir: Path = Path("models")
    """Folder that ``train_model.py`` writes and the service reads."""

    api_keys: Annotated[tuple[ApiKey, ...], NoDecode] = ()
    """Keys of which callers have to show one, separated by commas or as a JSON list; each has 16
    to 256 characters. Without any, the service is open. Never logged. Take, for example, what
    ``openssl rand -hex 24`` prints."""

    api: ApiSettings = ApiSettings()
    log: LogSettings = LogSettings()
    dashboard: DashboardSettings = DashboardSettings()
    prometheus: PrometheusSettings = PrometheusSettings()

    source: Literal["replay", "prometheus", "none"] = "replay"
    """What is watched: ``replay`` replays a recorded campaign, ``prometheus`` watches the cluster
    that ``PODFORECAST_PROMETHEUS__URL`` knows, ``none`` watches nothing and leaves ``GET /pods``
    unanswered."""

    replay: ReplaySettings = ReplaySettings()
    watch: WatchSettings = WatchSettings()
    store: StoreSettings = StoreSettings()
    alerts: AlertSettings = AlertSettings()

    @field_validator("api_keys", mode="before")
    @classmethod
    def _separate(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return [key for part in value.split(",") if (key := part.strip())]
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            # Not chained: the original error carries the text, which is a secret.
            raise ValueError("is not a JSON list") from None


def read_settings(given: Mapping[str, Any] = MappingProxyType({})) -> Settings:
    """Read the environment and ``.env``.

    Parameters
    ----------
    given
        What a command line says instead, nested as the settings are.

    Raises
    ------
    ConfigurationError
        Names every variable that can not be used. Values stay out of it: some are secrets.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = "; ".join(
            f"{PREFIX}{'__'.join(str(part).upper() for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise ConfigurationError(
            f"settings can not be used: {faults}",
            hint="Correct the environment variable or its line in .env, or remove it."
            if not given
            else "Correct the option, the environment variable, or its line in .env.",
        ) from error
    except SettingsError as error:
        raise ConfigurationError(
            f"settings can not be used: {error}",
            hint="A whole group, a list or a set of headers is written as JSON.",
        ) from error


def settings_or_exit() -> Settings:
    """Read the settings for a process that can not start without them; see :func:`or_exit`."""
    return or_exit(read_settings)


def or_exit(make: Callable[[], Made]) -> Made:
    """Make what a process can not start without.

    Raises
    ------
    SystemExit
        With code 2, after two sentences on stderr, where a setting is at fault: a traceback would
        bury them.
    """
    try:
        return make()
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        raise SystemExit(2) from error

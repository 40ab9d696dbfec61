"""The service, its log, the dashboard, and what is replayed where no cluster is watched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Interval
from pydantic import AllowInfNan, HttpUrl, SecretStr

from podforecast.settings.values import Duration, Group, Port


class ApiSettings(Group):
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


class LogSettings(Group):
    """What the service writes down."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Nothing below it is written. From ``warning`` on, requests are written only if they were
    answered with 5xx."""

    requests: bool = True
    """Write one line per request to standard output. It has no body, no query, no header."""


class DashboardSettings(Group):
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


class ReplaySettings(Group):
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

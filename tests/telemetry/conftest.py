"""A Prometheus for the session, and sources that read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from podforecast.domain.telemetry import TelemetryBlock
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.telemetry.raw_series import read_series
from podforecast.telemetry.recording import Recording
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import labelled, moved, write
from tests.telemetry.stories import NOW, Told


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("prometheus")) as url:
        yield url


@pytest.fixture(scope="session")
def prometheus_client(prometheus_url) -> Iterator[httpx.Client]:
    with connect(Connection(url=prometheus_url)) as client:
        yield client


@pytest.fixture(scope="session")
def back_seconds() -> float:
    """From the time of the stories to a recent one: Prometheus keeps a limited past."""
    recent = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    return recent.timestamp() - NOW.timestamp()


@pytest.fixture
def tell(prometheus_client, back_seconds, request) -> Callable[..., TelemetryBlock]:
    """Write a story under a label of its own, and read its signals at its end."""

    def tell_and_read(
        story: Iterable[Told], signals: Iterable[str], *, minutes: float = 0.0
    ) -> TelemetryBlock:
        case = request.node.name.replace('"', "")
        raw = (each.raw(NOW.timestamp()) for each in story)
        write(prometheus_client, labelled(moved(raw, back_seconds), case=case))
        source = PrometheusSource(prometheus_client, extra_selector=f'case="{case}"')
        end = NOW + timedelta(seconds=back_seconds)
        return source.read(list(signals), start=end - timedelta(minutes=minutes), end=end)

    return tell_and_read


@pytest.fixture(scope="session")
def trial_folder() -> Path:
    """A recording of twelve minutes of the lab, with its raw series."""
    return Path(__file__).parent / "trial"


@pytest.fixture(scope="session")
def trial(trial_folder) -> Recording:
    return Recording.open(trial_folder)


@dataclass(frozen=True)
class Replay:
    """The trial in a real Prometheus, moved to where it keeps samples."""

    source: PrometheusSource
    start: datetime
    end: datetime


@pytest.fixture(scope="session")
def replay(prometheus_client, trial, trial_folder) -> Replay:
    step = trial.step.total_seconds()
    recent = datetime.now(UTC) - timedelta(minutes=30)
    seconds = step * ((recent - trial.end).total_seconds() // step)
    series = moved(read_series(trial_folder / "series.parquet"), seconds)
    write(prometheus_client, labelled(series, case="trial"))
    later = timedelta(seconds=seconds)
    source = PrometheusSource(prometheus_client, extra_selector='case="trial"')
    return Replay(source, trial.start + later, trial.end + later)

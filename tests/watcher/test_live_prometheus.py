"""The live source on a real Prometheus: what the ring holds is what one fresh read would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from podforecast.domain.telemetry import HISTORY, STEP
from podforecast.features.build import SIGNALS_READ, build
from podforecast.pipeline import aligned
from podforecast.telemetry.failures import failures_of
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.telemetry.raw_series import read_series
from podforecast.telemetry.recording import Recording
from podforecast.watcher.live import LivePlan, LiveSource
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import labelled, moved, write

pytestmark = pytest.mark.prometheus

TRIAL = Path(__file__).parents[1] / "telemetry" / "trial"
SELECTOR = 'case="trial"'


@dataclass(frozen=True)
class Served:
    """Twelve minutes of the lab in a real Prometheus, moved to the hour before now."""

    url: str
    client: httpx.Client
    start: datetime
    end: datetime


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    trial = Recording.open(TRIAL)
    recent = aligned(datetime.now(UTC) - timedelta(minutes=10))
    seconds = (recent - aligned(trial.end)).total_seconds()
    series = list(moved(read_series(TRIAL / "series.parquet"), seconds))
    with (
        running(tmp_path_factory.mktemp("prometheus")) as url,
        connect(Connection(url=url)) as client,
    ):
        write(client, labelled(series, case="trial"))
        yield Served(url, client, recent - (trial.end - trial.start), recent)


@pytest.fixture
def live(served):
    """Make a live source; all that were made are closed."""
    made: list[LiveSource] = []

    def make(**plan) -> LiveSource:
        source = LiveSource(
            LivePlan(connection=Connection(url=served.url), **{"selector": SELECTOR} | plan)
        )
        source.open()
        made.append(source)
        return source

    yield make
    for source in made:
        source.close()


def read(source, end: datetime):
    return source.read(SIGNALS_READ, start=end - HISTORY, end=end)


def fresh(served, end: datetime):
    return read(PrometheusSource(served.client, extra_selector=SELECTOR), end)


@pytest.fixture(scope="module")
def expected(served):
    """What one read gives; it takes as long as all the rest."""
    return fresh(served, served.end)


def assert_same_table(block, expected):
    """Byte for byte, pod by pod."""
    assert block.pods == expected.pods
    assert block.workloads == expected.workloads
    np.testing.assert_array_equal(block.times, expected.times)
    found, wanted = build(block), build(expected)
    np.testing.assert_array_equal(found.values, wanted.values)
    np.testing.assert_array_equal(found.coverage, wanted.coverage)
    np.testing.assert_array_equal(found.failing, wanted.failing)


def test_the_hour_at_the_start_is_what_one_read_gives(served, live, expected):
    assert_same_table(read(live(), served.end), expected)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([1] * 12, id="every sample"),
        pytest.param([4] * 3, id="a minute between scans"),
        pytest.param([1, 1, 7, 1, 2], id="scans were missed"),
    ],
)
def test_scans_in_a_row_are_what_one_read_gives(served, live, expected, steps):
    source, end = live(), served.end - sum(steps) * STEP
    read(source, end)
    for step in steps:
        end += step * STEP
        block = read(source, end)
    assert_same_table(block, expected)
    assert source.failures_until(end) == failures_of(expected)

"""A recording and the Prometheus it came from say the same, up to the features."""

from __future__ import annotations

from datetime import timedelta

import httpx
import numpy as np
import pytest

from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.features.build import build
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.telemetry.raw_series import read_series
from podforecast.telemetry.recording import Recording
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import moved, write

pytestmark = pytest.mark.prometheus

FLOAT32 = {"rtol": 1e-5, "atol": 1e-6}
"""Recordings keep seven digits."""


@pytest.fixture(scope="module")
def blocks(trial, replay) -> tuple[TelemetryBlock, TelemetryBlock]:
    """Recorded and replayed, of the workloads whose raw series are in the recording."""
    recorded = trial.read(SIGNAL_NAMES, start=trial.start, end=trial.end)
    replayed = replay.source.read(SIGNAL_NAMES, start=replay.start, end=replay.end)
    kept = np.isin(recorded.workloads, trial.facts["series_workloads"])
    pods = np.flatnonzero(kept)
    chosen = TelemetryBlock(
        pods=tuple(recorded.pods[i] for i in pods),
        workloads=tuple(recorded.workloads[i] for i in pods),
        times=replayed.times,
        signals={name: values[pods] for name, values in recorded.signals.items()},
    )
    return chosen, replayed


def test_pods_and_workloads_are_the_same(blocks):
    recorded, replayed = blocks
    assert recorded.pods == replayed.pods
    assert recorded.workloads == replayed.workloads


@pytest.mark.parametrize("name", SIGNAL_NAMES)
def test_every_signal_is_the_same(blocks, name):
    recorded, replayed = blocks
    np.testing.assert_allclose(replayed.signal(name), recorded.signal(name), **FLOAT32)


@pytest.mark.parametrize("n_times", [13, 30, 48])
def test_features_are_the_same(blocks, n_times):
    tables = [build(block.until(n_times)) for block in blocks]
    for column, name in enumerate(FEATURE_NAMES):
        values = [table.values[:, column] for table in tables]
        np.testing.assert_allclose(values[1], values[0], rtol=1e-3, atol=1e-3, err_msg=name)
    for what in ("coverage", "failing"):
        np.testing.assert_array_equal(getattr(tables[0], what), getattr(tables[1], what))


def test_a_read_longer_than_eleven_thousand_points_comes_in_pages(replay, trial):
    start = replay.end - 11_500 * trial.step
    paged = replay.source.read(["restarts"], start=start, end=replay.end)
    expected = replay.source.read(["restarts"], start=replay.start, end=replay.end)
    assert len(paged.times) == 11_501
    assert paged.pods == expected.pods
    np.testing.assert_array_equal(paged.signal("restarts")[:, -48:], expected.signal("restarts"))


@pytest.fixture
def asked() -> list[httpx.Request]:
    """Every request that a client with this as its hook sends."""
    return []


def test_a_read_over_the_sample_limit_is_split_by_namespace(tmp_path, trial_folder, replay, asked):
    expected = replay.source.read(["restarts"], start=replay.start, end=replay.end)
    later = (replay.start - Recording.open(trial_folder).start).total_seconds()
    with (
        running(tmp_path, "--query.max-samples=6000") as url,
        connect(Connection(url=url)) as client,
    ):
        write(client, moved(read_series(trial_folder / "series.parquet"), later))
        client.event_hooks["request"].append(asked.append)
        source = PrometheusSource(client)
        block = source.read(["restarts"], start=replay.start, end=replay.end)
    assert sum(b"namespace%3D" in request.content for request in asked) == 6
    assert (block.pods, block.workloads) == (expected.pods, expected.workloads)
    np.testing.assert_array_equal(block.signal("restarts"), expected.signal("restarts"))


def test_a_scan_takes_a_dozen_queries(prometheus_url, replay, asked):
    with connect(Connection(url=prometheus_url)) as client:
        client.event_hooks["request"].append(asked.append)
        source = PrometheusSource(client, extra_selector='case="trial"')
        source.read(SIGNAL_NAMES, start=replay.end - timedelta(minutes=3), end=replay.end)
    assert len(asked) <= 15

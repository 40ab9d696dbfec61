"""Simulated clusters: seeded, causes before effects, and the shape of any other source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.issues import IssueType
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.domain.telemetry import STEP
from podforecast.features.build import build
from podforecast.model.labels import scorable
from podforecast.model.metrics import roc_auc
from podforecast.model.scorer import load
from podforecast.telemetry.simulator.fleet import SimulatorSource, simulate

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def fleet():
    return simulate(clusters=400, end=NOON, seed=7, troubled=0.8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"clusters": 0}, "1 to 1000, got 0", id="none"),
        pytest.param({"clusters": 1001}, "1 to 1000, got 1001", id="too-many"),
        pytest.param({"pods_per_cluster": 0}, "simulate 0 pods", id="empty-clusters"),
        pytest.param({"troubled": 1.5}, "troubled=1.5", id="no-share"),
    ],
)
def test_a_number_out_of_range_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        simulate(**({"clusters": 1, "end": NOON, "seed": 1} | changes))


def test_a_seed_repeats_a_fleet_and_another_does_not():
    one, same, other = (simulate(clusters=3, end=NOON, seed=seed) for seed in (1, 1, 2))
    for name, values in one.block.signals.items():
        np.testing.assert_array_equal(values, same.block.signals[name])
    assert not np.array_equal(
        one.block.signal("cpu_usage_ratio"), other.block.signal("cpu_usage_ratio")
    )


def test_signals_are_those_of_every_source(fleet):
    assert set(fleet.block.signals) <= set(SIGNAL_NAMES)
    shares = ("cpu_usage_ratio", "memory_usage_ratio", "cpu_throttled_ratio", "open_fds_ratio")
    for name in shares:
        known = fleet.block.signals[name]
        known = known[np.isfinite(known)]
        assert known.min() >= 0.0
        assert known.max() <= 1.5


def test_every_kind_of_trouble_happens(fleet):
    assert set(fleet.issues) == set(IssueType)


def test_nothing_fails_before_its_cause(fleet):
    failed = np.isfinite(fleet.failed_at)
    assert failed.sum() > 50
    assert (fleet.failed_at[failed] > fleet.began_at[failed]).all()


def test_health_stays_healthy(fleet):
    well = np.array([issue is IssueType.NONE for issue in fleet.issues])
    assert np.isnan(fleet.failed_at[well]).all()
    assert (fleet.block.signal("restarts")[well] == 0).all()


def test_until_a_trouble_begins_nothing_tells_it_from_health(fleet):
    """A generator that marks its victims beforehand would flatter any model."""
    first = build(fleet.block.until(20))
    later = (fleet.began_at > fleet.block.times[20]) & np.isfinite(fleet.began_at)
    well = np.array([issue is IssueType.NONE for issue in fleet.issues])
    assert later.sum() > 200
    for column in range(first.values.shape[1]):
        values = first.values[:, column]
        known = np.isfinite(values) & (later | well)
        if len(np.unique(values[known])) > 1:
            assert 0.4 < roc_auc(later[known], values[known]) < 0.6


@pytest.mark.parametrize(
    ("issue", "signal"),
    [
        (IssueType.NETWORK_ISSUE, "latency_mean_ms"),
        (IssueType.SERVICE_DISRUPTION, "server_error_rate"),
    ],
)
def test_a_trouble_shows_in_its_own_signal(fleet, issue, signal):
    rows = [row for row, each in enumerate(fleet.issues) if each is issue]
    values = fleet.block.signal(signal)
    grown = []
    for row in rows:
        since = fleet.block.times > fleet.began_at[row]
        if 30 < since.sum() < 80:
            grown.append(np.nanmax(values[row, since]) > 2 * np.nanmedian(values[row, ~since]))
    assert len(grown) > 10
    assert np.mean(grown) > 0.8


def test_memory_kills_are_told_by_the_kernels_reason(fleet):
    killed = fleet.block.signal("last_termination_code")[:, -1] == 3.0
    assert killed.sum() > 10
    assert all(fleet.issues[row] is IssueType.RESOURCE_EXHAUSTION for row in np.flatnonzero(killed))


class TestAsASource:
    def test_it_reads_as_the_block_does(self, fleet):
        source = SimulatorSource(fleet)
        block = source.read(["restarts", "colour"], start=NOON - 4 * STEP, end=NOON)
        assert set(block.signals) == {"restarts"}
        np.testing.assert_array_equal(
            block.signals["restarts"], fleet.block.signals["restarts"][:, -5:]
        )

    def test_before_the_simulation_nothing_is_known(self, fleet):
        source = SimulatorSource(fleet)
        start = NOON - timedelta(hours=2)
        block = source.read(["restarts"], start=start, end=start + STEP)
        assert np.isnan(block.signals["restarts"]).all()

    def test_an_end_before_the_start_is_an_error_of_the_caller(self, fleet):
        with pytest.raises(ValueError, match="before the start"):
            SimulatorSource(fleet).read(["restarts"], start=NOON, end=NOON - STEP)


@pytest.mark.timeout(600)
def test_a_model_of_recordings_ranks_simulated_leaks_above_simulated_health(trained):
    """The recordings' model, whose training has no simulated row."""
    folder, report = trained
    fleet = simulate(clusters=1000, end=NOON, seed=11, troubled=0.6)
    table, model = build(fleet.block), load(folder)
    leaking = (
        np.array([issue is IssueType.RESOURCE_EXHAUSTION for issue in fleet.issues])
        & (fleet.block.signal("memory_usage_ratio")[:, -1] > 0.8)
        & np.isnan(fleet.failed_at)
    )
    well = np.array([issue is IssueType.NONE for issue in fleet.issues])
    asked = scorable(table) & (leaking | well)
    assert leaking.sum() > 15
    score = model.score(table.values[asked])
    assert roc_auc(leaking[asked], score) > 0.95
    assert not any(name.startswith("cluster-") for name in report["data"]["campaigns"])

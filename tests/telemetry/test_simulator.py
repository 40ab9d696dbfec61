"""Simulated clusters: seeded, causes before effects, and the shape of any other source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.catalogue import feature_index
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


def test_descriptors_run_out_and_probes_end_the_container(fleet):
    full = np.nanmax(fleet.block.signal("open_fds_ratio"), axis=1) >= 1.0
    assert full.sum() > 5
    assert all(fleet.issues[row] is IssueType.RESOURCE_EXHAUSTION for row in np.flatnonzero(full))
    probed = fleet.block.signal("liveness_failures")[:, -1] >= 3
    failed = np.isfinite(fleet.failed_at)
    assert (probed[full & failed]).all()


def test_some_healthy_memory_rises_like_a_leak_and_falls_again(fleet):
    well = np.array([issue is IssueType.NONE for issue in fleet.issues])
    table = build(fleet.block)
    grown = table.values[well, feature_index("memory_growth_10m")] > 0.5
    fallen = table.values[well, feature_index("memory_largest_drop")] > 8.0
    assert 0.03 < grown.mean() < 0.3
    assert 0.1 < fallen.mean() < 0.5


def test_pods_of_a_node_share_what_is_measured_of_it(fleet):
    for name in ("node_cpu_ratio", "node_memory_ratio", "node_disk_ratio", "node_pressure_score"):
        values = fleet.block.signal(name)[:, -1]
        assert ((values > 0.0) & (values <= 1.0)).all()
        for number in range(5):
            assert len(np.unique(values[fleet.cluster == number])) <= 4
    counts = np.bincount(fleet.nodes.cluster)
    assert (counts.min(), counts.max()) == (2, 4)


def test_what_pods_use_their_nodes_have_too():
    """A node is never emptier than its pods alone make it."""
    one = simulate(clusters=20, end=NOON, seed=5, troubled=0.0)
    used = one.block.signal("memory_working_set_bytes")[:, -1]
    smallest = 4 * 2**30
    assert (one.block.signal("node_memory_ratio")[:, -1] > used / (4 * smallest)).all()


def test_parts_of_a_fleet_are_numbered_on_and_not_alike():
    first, second = (
        simulate(clusters=numbers, end=NOON, seed=1) for numbers in (range(2), range(2, 4))
    )
    names = sorted({pod.namespace for part in (first, second) for pod in part.block.pods})
    assert names == ["cluster-0000", "cluster-0001", "cluster-0002", "cluster-0003"]
    assert not np.array_equal(
        first.block.signal("memory_usage_ratio"), second.block.signal("memory_usage_ratio")
    )


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
    growing = table.values[asked, feature_index("memory_growth_10m")] > 0.5
    assert (~leaking[asked] & growing).sum() > 100, "garbage collection and caches"
    assert roc_auc(leaking[asked][growing], score[growing]) > 0.9
    assert not any(name.startswith("cluster-") for name in report["data"]["campaigns"])

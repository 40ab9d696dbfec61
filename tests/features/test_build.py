"""The feature table: complete, within limits, with honest gaps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, feature_index
from podforecast.domain.pods import PodRef, PodStatus
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.features import build as building
from podforecast.features.build import RECIPES, SIGNALS_READ, build

NAN = float("nan")


class ListeningSignals(Mapping):
    """A fake that has no signals and remembers which were asked for."""

    def __init__(self):
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return default

    def __getitem__(self, name):
        raise KeyError(name)

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0


def test_a_block_without_samples_is_refused():
    empty = TelemetryBlock(pods=(), workloads=(), times=np.array([]), signals={})
    with pytest.raises(ValueError, match="at least one sample"):
        build(empty)


def test_every_feature_of_the_catalogue_has_a_recipe_and_no_other():
    assert set(RECIPES) == set(FEATURE_NAMES)


def test_exactly_the_signals_that_recipes_want_are_read():
    signals = ListeningSignals()
    pod = PodRef("shop", "cart-0")
    build(TelemetryBlock(pods=(pod,), workloads=("c",), times=np.arange(3.0), signals=signals))
    assert signals.asked == set(SIGNALS_READ)


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
def test_every_signal_that_a_source_names_exists(feature):
    named = {word.strip() for word in feature.source.split(",")}
    assert named & set(SIGNAL_NAMES)


def test_without_any_signal_every_feature_is_unknown(cluster):
    table = build(cluster.block(unheard_of=np.zeros((3, 13))))
    assert np.isnan(table.values).all()
    assert table.coverage.tolist() == [0.0, 0.0, 0.0]
    assert table.failing.tolist() == [False, False, False]


def test_without_pods_the_table_is_empty():
    block = TelemetryBlock(pods=(), workloads=(), times=np.arange(13.0), signals={})
    assert build(block).values.shape == (0, len(CATALOGUE))


@pytest.mark.parametrize("n_times", [1, 2, 12, 13, 14, 41, 42, 241, 300])
def test_a_block_of_any_length_gives_numbers_within_the_limits(cluster, n_times):
    values = build(cluster.busy_block(1, n_times=n_times)).values
    assert values.shape == (17, len(CATALOGUE))
    for column, feature in enumerate(CATALOGUE):
        known = values[:, column][np.isfinite(values[:, column])]
        assert np.all((known >= feature.low) & (known <= feature.high)), feature.name
        if feature.whole:
            assert np.all(known == np.rint(known)), feature.name


def test_an_hour_of_everything_leaves_no_feature_unknown_for_all_pods(cluster):
    values = build(cluster.busy_block(2)).values
    unknown = [name for name, column in zip(FEATURE_NAMES, values.T, strict=True)
               if np.isnan(column).all()]  # fmt: skip
    assert unknown == []


@pytest.mark.parametrize("wild", [np.inf, -np.inf, 1e30])
def test_wild_samples_never_get_through(cluster, wild):
    block = cluster.busy_block(3)
    for values in block.signals.values():
        values[:, -3] = wild
    values = build(block).values
    limits = np.array([(feature.low, feature.high) for feature in CATALOGUE])
    known = np.isfinite(values)
    assert np.all((values >= limits[:, 0]) | ~known)
    assert np.all((values <= limits[:, 1]) | ~known)


@pytest.mark.parametrize("step", [5.0, 15.0, 30.0, 60.0])
def test_a_leak_reads_the_same_at_any_step(cluster, step):
    minutes = np.arange(0, 3600 + step, step) / 60.0
    block = cluster.block(step=step, memory_usage_ratio=0.3 + 0.006 * minutes)
    values = build(block).values[0]
    names = ("memory_usage_pct", "memory_leak_rate", "memory_growth_3m", "memory_minutes_to_limit")
    found = [float(values[feature_index(name)]) for name in names]
    assert found == pytest.approx([66.0, 0.36, 0.6, 34.0 / 0.6])


@pytest.mark.parametrize(
    ("cpu", "memory", "coverage"),
    [
        pytest.param([], [], 0.0, id="nothing"),
        pytest.param(range(13), range(13), 0.0, id="both lost"),
        pytest.param(range(13), [], 0.5, id="no CPU"),
        pytest.param([0, 1, 2], [12], 22 / 26, id="some scrapes missed"),
    ],
)
def test_coverage_is_the_share_of_core_samples(cluster, cpu, memory, coverage):
    samples = {"cpu_usage_ratio": np.full(13, 0.2), "memory_usage_ratio": np.full(13, 0.4)}
    for values, lost in zip(samples.values(), (cpu, memory), strict=True):
        values[list(lost)] = NAN
    if not len(cpu) and not len(memory):
        coverage, samples = 0.0, {"request_rate": np.ones(13)}
    assert build(cluster.block(**samples)).coverage.tolist() == pytest.approx([coverage])


@pytest.mark.parametrize(("n_times", "coverage"), [(1, 1 / 13), (6, 6 / 13), (13, 1), (50, 1)])
def test_a_block_shorter_than_the_window_does_not_cover_it(cluster, n_times, coverage):
    block = cluster.block(cpu_usage_ratio=np.ones(n_times), memory_usage_ratio=np.ones(n_times))
    assert build(block).coverage.tolist() == pytest.approx([coverage])


@pytest.mark.parametrize(
    ("status", "ready", "failing"),
    [
        pytest.param(None, 1.0, False, id="status unknown"),
        pytest.param(PodStatus.RUNNING, 1.0, False, id="running"),
        pytest.param(PodStatus.RUNNING, 0.0, False, id="running, not ready"),
        pytest.param(PodStatus.PENDING, NAN, True, id="pending"),
        pytest.param(PodStatus.CONTAINER_CREATING, 0.0, True, id="creating"),
        pytest.param(PodStatus.ERROR, 1.0, True, id="error"),
        pytest.param(PodStatus.CRASH_LOOP_BACK_OFF, 0.0, True, id="backing off"),
        pytest.param(PodStatus.CRASH_LOOP_BACK_OFF, 0.5, True, id="one of two backing off"),
        pytest.param(PodStatus.CRASH_LOOP_BACK_OFF, NAN, True, id="backing off, rest unknown"),
        pytest.param(PodStatus.CRASH_LOOP_BACK_OFF, 1.0, False, id="backed off, up again"),
        pytest.param(PodStatus.UNKNOWN, 1.0, True, id="unknown"),
        pytest.param(PodStatus.NOT_FOUND, NAN, True, id="not found"),
    ],
)
def test_failing_pods(cluster, status, ready, failing):
    code = NAN if status is None else float(status.code)
    block = cluster.block(
        status_code=[0.0] * 12 + [code], containers_ready_ratio=[1.0] * 12 + [ready]
    )
    if np.isnan(ready):
        block.signals["containers_ready_ratio"][:] = NAN
    assert build(block).failing.tolist() == [failing]


@pytest.mark.parametrize("pods_at_once", [1, 5, 16])
def test_a_build_in_slices_is_the_whole_build(cluster, monkeypatch, pods_at_once):
    block = cluster.busy_block(4)
    whole = build(block)
    monkeypatch.setattr(building, "PODS_AT_ONCE", pods_at_once)
    sliced = build(block)
    assert sliced.values.tobytes() == whole.values.tobytes()
    assert sliced.coverage.tobytes() == whole.coverage.tobytes()
    assert sliced.failing.tolist() == whole.failing.tolist()


def test_a_slice_knows_when_pods_of_other_slices_were_listed(cluster, monkeypatch):
    # The second pod appears with its first restart, while only the first one was listed before.
    status, restarts = np.zeros((2, 41)), np.zeros((2, 41))
    status[1, :20] = restarts[1, :20] = NAN
    restarts[1, 20:] = 1.0
    block = cluster.block(status_code=status, restarts=restarts)
    monkeypatch.setattr(building, "PODS_AT_ONCE", 1)
    assert build(block).values[:, feature_index("restarts_1h")].tolist() == [0.0, 1.0]

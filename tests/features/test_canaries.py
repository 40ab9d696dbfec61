"""What must not get into a feature: the future, names, clocks, and the way it was computed."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.telemetry import STEP, TelemetryBlock
from podforecast.features import build as building
from podforecast.features.build import build
from podforecast.pipeline.examples import build_dataset
from podforecast.pipeline.walk import feature_tables
from podforecast.watcher.source import SourceFacts
from podforecast.watcher.watcher import FleetWatcher
from tests.watcher.made_up import MemoryModel


@pytest.fixture
def block(cluster):
    """Longer than the history, so that something has to be forgotten."""
    return cluster.busy_block(7, n_times=320)


def reordered(block, order):
    return TelemetryBlock(
        pods=tuple(block.pods[i] for i in order),
        workloads=tuple(block.workloads[i] for i in order),
        times=block.times,
        signals={name: values[order] for name, values in block.signals.items()},
    )


def walked_to(n_times, block):
    """Features of the moment at which a walk through the whole block passes so many samples."""
    tables = list(feature_tables(block, every=max(n_times - 1, 1)))
    return tables[min(n_times - 1, 1)].values


def features_know_the_future(block, n_times):
    """Spoil all samples after a moment and compare the moment's tables."""
    spoilt = {name: values.copy() for name, values in block.signals.items()}
    for values in spoilt.values():
        values[:, n_times:] = 1e6
    later = dataclasses.replace(block, signals=spoilt)
    return walked_to(n_times, block).tobytes() != walked_to(n_times, later).tobytes()


@pytest.mark.parametrize("n_times", [40, 100, 241, 300, 319])
def test_samples_after_the_moment_change_nothing(block, n_times):
    assert not features_know_the_future(block, n_times)


def test_a_feature_that_looks_ahead_is_caught(block, monkeypatch):
    def peak_of_the_whole_recording(moment):
        view = moment._block.signals["memory_usage_ratio"]
        return np.nanmax(view.base, axis=1)

    monkeypatch.setitem(building.RECIPES, "memory_peak_pct", peak_of_the_whole_recording)
    assert features_know_the_future(block, 100)


@pytest.mark.parametrize("n_times", [40, 319])
def test_a_cut_block_gives_the_table_of_its_last_moment(block, n_times):
    walked = walked_to(n_times, block)
    assert build(block.until(n_times)).values.tobytes() == walked.tobytes()


def test_samples_older_than_the_history_change_nothing(block):
    assert build(block).values.tobytes() == build(block.until(320, history=241)).values.tobytes()


def test_names_are_no_features(block):
    renamed = dataclasses.replace(
        block,
        pods=tuple(PodRef("zoo", f"renamed-{i * 37 % 101}") for i in range(len(block.pods))),
        workloads=tuple(f"zoo/{name[::-1]}" for name in block.workloads),
    )
    assert build(renamed).values.tobytes() == build(block).values.tobytes()


@pytest.mark.parametrize("shift", [86_400.0 * 365, -13 * 3600.0, 7.5])
def test_time_of_day_and_date_are_no_features(block, shift):
    moved = dataclasses.replace(block, times=block.times + shift)
    np.testing.assert_allclose(build(moved).values, build(block).values, rtol=1e-9, atol=1e-9)


def test_the_order_of_pods_is_no_feature(block):
    order = np.random.default_rng(0).permutation(len(block.pods))
    shuffled = build(reordered(block, order))
    table = build(block)
    assert shuffled.pods == tuple(table.pods[i] for i in order)
    np.testing.assert_allclose(shuffled.values, table.values[order], rtol=1e-12, atol=1e-12)


def test_other_workloads_are_no_features(block):
    own = [i for i, name in enumerate(block.workloads) if name == "shop/w0"]
    alone = build(reordered(block, own)).values
    np.testing.assert_allclose(alone, build(block).values[own], rtol=1e-12, atol=1e-12)


def test_the_memory_layout_of_a_source_is_no_feature(block):
    transposed = {name: np.asfortranarray(values) for name, values in block.signals.items()}
    other = dataclasses.replace(block, signals=transposed)
    assert build(other).values.tobytes() == build(block).values.tobytes()


class FakeFleet:
    """A made-up recording that answers any range of its block, and a fleet to watch at ``at``."""

    name = "made-up"
    facts = SourceFacts(kind="replay", name=name, interval=STEP)

    def __init__(self, block, at=None):
        self._block = block
        self._at = at
        self.start = datetime.fromtimestamp(block.times[0], UTC)
        self.end = datetime.fromtimestamp(block.times[-1], UTC)
        self.failures = (
            Failure(pod=block.pods[3], at=block.times[150], cause=FailureCause.OOM, first=True),
        )

    def read(self, signals, *, start, end):
        chosen = (self._block.times >= start.timestamp()) & (self._block.times <= end.timestamp())
        return TelemetryBlock(
            pods=self._block.pods,
            workloads=self._block.workloads,
            times=self._block.times[chosen],
            signals={name: self._block.signals[name][:, chosen] for name in signals},
        )

    def open(self):
        """Nothing takes long here."""

    def now(self):
        return self._at

    begins = now

    def failures_until(self, moment):
        return ()

    def muted(self, moment):
        return frozenset()

    def sizes(self, pods, moment):
        return {}

    def tell(self, moment):
        return ""


class RememberingModel(MemoryModel):
    """A fake model that keeps what it was asked to score."""

    def score(self, values):
        self.values = values.copy()
        return np.zeros(len(values))


def test_training_and_serving_see_the_same_bytes(block):
    rows = build_dataset(FakeFleet(block), step=timedelta(minutes=5))
    for moment in np.unique(rows.time):
        model = RememberingModel()
        fleet = FakeFleet(block, at=datetime.fromtimestamp(moment, UTC))
        FleetWatcher(fleet, model=lambda model=model: model).tick()
        assert rows.x[rows.time == moment].tobytes() == model.values.tobytes()
    assert len(np.unique(rows.time)) > 10

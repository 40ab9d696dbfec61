"""Slow signals are asked for once a minute, in turns, and features do not notice the rest."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import FEATURE_NAMES, feature_index
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import HISTORY, STEP, WINDOW, TelemetryBlock
from podforecast.features.build import SIGNALS_READ, build
from podforecast.features.look_back import LOOK_BACK
from podforecast.telemetry.backlog import Backlog, Want
from podforecast.telemetry.pace import EVERY, TURNS, pace_of
from podforecast.telemetry.prometheus.filling import packs_of
from podforecast.telemetry.prometheus.queries import PACKS
from podforecast.watcher.live import FAILURE_SIGNALS
from tests.telemetry.thinning import as_watched

N_PODS, N_TIMES = 12, HISTORY // STEP + 1
NEWEST = 118_000_002
NETWORK = frozenset(name for name in TURNS if name.startswith("network_"))


@pytest.fixture(scope="module")
def block() -> TelemetryBlock:
    """Pods of which everything changes all the time."""
    rng = np.random.default_rng(3)
    signals = {name: rng.random((N_PODS, N_TIMES)) for name in SIGNALS_READ}
    signals["status_code"] = np.zeros((N_PODS, N_TIMES))
    signals["container_age_minutes"] = np.arange(N_TIMES) / 4.0 + 30.0 * rng.random((N_PODS, 1))
    return TelemetryBlock(
        pods=tuple(PodRef("shop", f"pod-{n:02}") for n in range(N_PODS)),
        workloads=tuple(f"shop/app-{n % 3}" for n in range(N_PODS)),
        times=STEP.total_seconds() * (NEWEST - N_TIMES + 1 + np.arange(N_TIMES)),
        signals=signals,
    )


def held(block: TelemetryBlock) -> TelemetryBlock:
    """Slow signals as they were when they were last asked for; the network as it is."""
    signals = dict(block.signals)
    for name in TURNS.keys() - NETWORK:
        back = NEWEST - pace_of(name).latest(NEWEST)
        signals[name] = np.roll(block.signals[name], back, axis=1)
    return TelemetryBlock(
        pods=block.pods, workloads=block.workloads, times=block.times, signals=signals
    )


def test_features_of_what_is_asked_for_are_those_of_the_values_when_they_were_asked_for(block):
    sparse, whole = build(as_watched(block)), build(held(block))
    of_the_network = [name.startswith("network_") for name in FEATURE_NAMES]
    np.testing.assert_array_equal(
        sparse.values[:, ~np.array(of_the_network)], whole.values[:, ~np.array(of_the_network)]
    )
    np.testing.assert_array_equal(sparse.coverage, whole.coverage)
    np.testing.assert_array_equal(sparse.failing, whole.failing)


def test_features_of_the_network_are_means_of_the_rates_that_are_asked_for(block):
    pace = pace_of("network_drops_per_s")
    columns = [n - NEWEST - 1 for n in pace.between(NEWEST - WINDOW // STEP, NEWEST)]
    drops = build(as_watched(block)).values[:, feature_index("network_drops_per_s")]
    expected = block.signal("network_drops_per_s")[:, columns].mean(axis=1)
    np.testing.assert_allclose(drops, expected, rtol=1e-12)


def test_slow_signals_that_are_out_of_date_do_show(block):
    assert not np.array_equal(build(as_watched(block)).values, build(block).values, equal_nan=True)


def test_a_slow_signal_is_needed_for_the_window_only():
    assert {LOOK_BACK[name] for name in TURNS} == {WINDOW}


def test_what_failures_are_seen_by_is_asked_for_at_every_sample():
    assert TURNS.keys().isdisjoint(FAILURE_SIGNALS)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack[0])
def test_signals_of_a_pack_have_one_turn(pack):
    assert len({pace_of(name) for name in pack}) == 1


def test_slow_packs_take_turns():
    assert set(TURNS.values()) == set(range(EVERY))


def test_a_scan_that_was_missed_is_asked_for_later_at_the_pace_of_the_signal():
    packs = [("restarts",), ("replicas_desired",)]
    backlog = Backlog(packs, {"restarts": 13, "replicas_desired": 13})
    wants = backlog.wants(newest=NEWEST, most=100)
    assert wants == [
        Want(0, ("restarts",), NEWEST - 12, NEWEST),
        Want(1, ("replicas_desired",), NEWEST - 9, NEWEST - 1, EVERY),
    ]
    for want in wants:
        backlog.done(want)
    assert not backlog.left(newest=NEWEST)
    assert [want.pack for want in backlog.wants(newest=NEWEST + 2, most=100)] == [0]
    assert backlog.wants(newest=NEWEST + 4, most=100)[1] == Want(
        1, ("replicas_desired",), NEWEST + 3, NEWEST + 3, EVERY
    )


def test_every_minute_asks_for_every_pack_once():
    packs = packs_of(SIGNALS_READ)
    slow = [pack for pack in packs if pack[0] in TURNS]
    asked = [
        pack
        for sample in range(NEWEST, NEWEST + EVERY)
        for pack in slow
        if pace_of(pack[0]).latest(sample) == sample
    ]
    assert sorted(asked) == sorted(slow)

"""The made-up fleets that ticks are measured on are read as they were made. Nothing is timed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import live, ticks
from benchmarks.prepared import PreparedPrometheus
from podforecast.features.build import SIGNALS_READ
from podforecast.telemetry.pace import EVERY, TURNS
from podforecast.telemetry.pod_table import PodTable
from podforecast.telemetry.prometheus.pod_labels import PodLabels
from podforecast.telemetry.prometheus.samples import parse_vector
from podforecast.telemetry.prometheus.vectors import read_in_place
from podforecast.telemetry.raw_series import RawSeries

PARTS = {
    "tick", "parsing answers", "keeping samples", "features", "scores", "failures", "explanations",
    "MiB samples", "MiB resident, at most",
}  # fmt: skip


@pytest.fixture(scope="module")
def prepared():
    made = PreparedPrometheus(100)
    made.prepare(ticks.FIRST_SAMPLE)
    return made


def test_prepared_answers_of_a_minute_are_about_every_signal_that_is_read():
    prepared, found = PreparedPrometheus(10), []
    for sample in range(ticks.FIRST_SAMPLE, ticks.FIRST_SAMPLE + EVERY):
        prepared.prepare(sample)
        found.append({name for pack in prepared.packs for name in pack})
    assert set.union(*found) == set(SIGNALS_READ)
    assert set.intersection(*found) == set(SIGNALS_READ) - TURNS.keys()


def test_prepared_answers_are_read_in_place_and_by_the_parser_alike(prepared):
    for signals, body in prepared.packs.items():
        table = PodTable()
        parsed = parse_vector(body, signals, table)
        found = read_in_place(body, signals, PodLabels(table))
        assert found is not None
        for name in ("time", "place", "pod", "values"):
            assert np.array_equal(getattr(found, name), getattr(parsed, name)), name


def test_a_tick_goes_through_all_parts(monkeypatch, folder):
    monkeypatch.setattr(ticks, "MODELS", folder)
    measured = ticks.measured(20, rounds=1)
    assert set(measured) == PARTS
    assert measured["tick"] > 0


def test_growth_and_the_largest_fleet_have_targets(monkeypatch):
    monkeypatch.setattr(ticks, "_in_a_process", lambda size: dict.fromkeys(PARTS, 5e-5 * size))
    found = {figure.target: figure for figure in ticks.ticks() if figure.target}
    assert (found["<= 5"].value, found["<= 1.5"].value) == (5.0, 1.0)


def test_pods_that_stay_are_copied_until_there_are_enough():
    end = 1_700_000_000.0
    begin = end - (live.AHEAD + live.KEPT).total_seconds()

    def series(until: float = end, **labels):
        times = 1000 * np.array([begin, until], np.int64)
        return RawSeries(name="kube_pod_info", labels=labels, time_ms=times, values=np.ones(2))

    recorded = [
        series(node="n-0"), series(namespace="shop", deployment="cart"),
        series(namespace="shop", pod="cart-gone", until=end - 60.0),
        *(series(namespace="shop", pod=f"cart-{k}") for k in range(3)),
    ]  # fmt: skip
    fleet = [dict(each.labels) for each in live._fleet(recorded, 5, end)]
    pods = [(labels["namespace"], labels["pod"]) for labels in fleet if "pod" in labels]
    assert pods == [
        ("shop-00", "cart-0"), ("shop-00", "cart-1"), ("shop-00", "cart-2"),
        ("shop-01", "cart-0"), ("shop-01", "cart-1"),
    ]  # fmt: skip
    assert len(fleet) == 1 + 2 + 5

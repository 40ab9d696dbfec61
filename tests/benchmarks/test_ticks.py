"""The made-up fleets that ticks are measured on are read as they were made. Nothing is timed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import live, ticks
from benchmarks.prepared import PreparedPrometheus
from podforecast.features.build import SIGNALS_READ
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


def test_prepared_answers_are_about_every_signal_that_is_read(prepared):
    assert {name for pack in prepared.packs for name in pack} == set(SIGNALS_READ)


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


def test_a_campaign_is_copied_until_there_are_enough_pods():
    def series(**labels):
        return RawSeries(
            name="up", labels=labels, time_ms=np.array([1_700_000_000_000]), values=np.ones(1)
        )

    recorded = [
        series(node="n-0"), series(namespace="shop", deployment="cart"),
        *(series(namespace="shop", pod=f"cart-{k}") for k in range(3)),
    ]  # fmt: skip
    fleet = [dict(each.labels) for each in live._fleet(recorded, 5)]
    pods = [(labels["namespace"], labels["pod"]) for labels in fleet if "pod" in labels]
    assert pods == [
        ("shop-00", "cart-0"), ("shop-00", "cart-1"), ("shop-00", "cart-2"),
        ("shop-01", "cart-0"), ("shop-01", "cart-1"),
    ]  # fmt: skip
    assert len(fleet) == 1 + 2 + 5

"""Scans kept to grade others: found by time, compared by number, and never too many."""

from __future__ import annotations

import math

import numpy as np
import pytest

from podforecast.domain.history import ScanRecord
from podforecast.domain.pods import PodRef
from podforecast.watcher.kept_scans import SPARE_NUMBERS, KeptScans


def record(at, *names):
    pods = tuple(PodRef("shop", name) for name in names)
    return ScanRecord(
        at=at,
        model_version="fake-1",
        threshold=0.5,
        horizon_seconds=300.0,
        pods=pods,
        workloads=("shop/cart",) * len(pods),
        probability=np.full(len(pods), 0.1),
        at_risk=np.zeros(len(pods), dtype=bool),
        failing=np.zeros(len(pods), dtype=bool),
    )


@pytest.fixture
def kept():
    return KeptScans(record(at, "a") for at in (15.0, 30.0, 45.0, 60.0))


def test_without_scans_there_is_no_latest_and_nothing_is_found():
    none = KeptScans()
    assert (none.latest_at, none.before(9.0)) == (-math.inf, -math.inf)
    assert (none.at(9.0), none.from_on(0.0), list(none.between(0.0, 99.0))) == (None, None, [])


@pytest.mark.parametrize("at", [45.0, 60.0])
def test_a_scan_that_is_not_newer_is_left_out(kept, at):
    kept.add(record(at, "b"))
    assert [each.at for each in kept.between(0.0, 99.0)] == [15.0, 30.0, 45.0, 60.0]
    assert kept.number_of(PodRef("shop", "b")) == -1


def test_scans_are_found_by_their_time(kept):
    assert kept.at(30.0).at == 30.0
    assert kept.at(31.0) is None
    assert kept.at(99.0) is None
    assert (kept.before(30.0), kept.before(31.0), kept.before(15.0)) == (15.0, 30.0, -math.inf)
    assert kept.from_on(30.0).at == 30.0
    assert kept.from_on(31.0).at == 45.0
    assert kept.from_on(61.0) is None
    assert [each.at for each in kept.between(15.0, 45.0)] == [30.0, 45.0]


@pytest.mark.parametrize(
    ("before", "most", "left"),
    [
        pytest.param(31.0, 9, [45.0, 60.0], id="by-age"),
        pytest.param(-math.inf, 3, [30.0, 45.0, 60.0], id="by-number"),
        pytest.param(45.0, 1, [60.0], id="by-both"),
        pytest.param(99.0, 9, [], id="all"),
    ],
)
def test_old_scans_are_dropped(kept, before, most, left):
    kept.forget_before(before, most=most)
    assert [each.at for each in kept.between(-math.inf, math.inf)] == left


def test_a_pod_keeps_its_number_across_scans_and_orders():
    kept = KeptScans([record(1.0, "a", "b"), record(2.0, "b", "c", "a")])
    first, second = kept.between(0.0, 9.0)
    assert first.number.tolist() == [0, 1]
    assert second.number.tolist() == [1, 2, 0]


def test_names_of_pods_that_are_gone_do_not_pile_up():
    kept = KeptScans()
    for k in range(4 * SPARE_NUMBERS):
        kept.add(record(float(k), f"job-{k}"))
        kept.forget_before(-math.inf, most=5)
    assert kept.width <= SPARE_NUMBERS + 5
    last = kept.between(-math.inf, math.inf)[-1]
    assert last.number[0] == kept.number_of(PodRef("shop", f"job-{4 * SPARE_NUMBERS - 1}"))

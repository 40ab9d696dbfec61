"""The hour of samples that is kept between two scans."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.pods import PodRef
from podforecast.telemetry.ring import DEPTH, ROWS_AT_ONCE, SLACK, Ring, Samples

FIRST = 118_000_000
NAN = np.nan


def samples(ring: Ring, at: int, values: dict[str, float], signal: str = "memory") -> Samples:
    """One sample of some pods of the namespace shop."""
    numbers = [ring.table.number("shop", name) for name in values]
    return Samples(
        signals=(signal,),
        signal=np.zeros(len(numbers), np.int64),
        pod=np.array(numbers, np.int64),
        sample=np.full(len(numbers), at, np.int64),
        values=np.array(list(values.values()), np.float64),
    )


def put(ring: Ring, at: int, values: dict[str, float], signal: str = "memory") -> None:
    ring.advance(at)
    ring.put(samples(ring, at, values, signal))


def names(ring: Ring) -> list[str]:
    return [pod.name for pod in ring.pods]


def newest(ring: Ring, length: int = 1, signal: str = "memory") -> np.ndarray:
    return ring.block([signal], ring.newest - length + 1, ring.newest).signal(signal)


def test_pods_that_come_together_are_in_order_of_names_after_those_before():
    ring = Ring()
    put(ring, FIRST, {"m": 1.0, "c": 2.0})
    put(ring, FIRST + 1, {"z": 3.0, "a": 4.0, "m": 5.0})
    assert names(ring) == ["c", "m", "a", "z"]
    np.testing.assert_array_equal(newest(ring, 2), [[2, NAN], [1, 5], [NAN, 4], [NAN, 3]])


def test_a_few_new_pods_do_not_move_the_others():
    ring = Ring()
    put(ring, FIRST, {f"job-{n}": 0.5 for n in range(100)})
    put(ring, FIRST + 1, {"job-100": 1.0})
    held = ring.nbytes
    before = ring.block(["memory"], ring.newest, ring.newest).signal("memory")
    put(ring, FIRST + 1, {"job-101": 2.0, "job-0": 3.0})
    assert before[0] == 3.0
    assert ring.nbytes == held == 125 * 8 * (DEPTH + SLACK)


def test_memory_of_many_pods_that_are_gone_is_given_back():
    ring = Ring()
    put(ring, FIRST, {f"job-{n}": 0.5 for n in range(100)} | {"here": 1.0})
    for at in range(FIRST + 1, FIRST + DEPTH + SLACK):
        put(ring, at, {"here": 2.0})
    assert ring.nbytes == 8 * (DEPTH + SLACK)
    np.testing.assert_array_equal(newest(ring, 2), [[2.0, 2.0]])


def test_rows_of_many_pods_move_with_their_pods():
    ring, n_pods = Ring(), 2 * ROWS_AT_ONCE + 3
    kept = {f"pod-{n:04d}": float(n) for n in range(0, n_pods, 2)}
    put(ring, FIRST, {f"pod-{n:04d}": float(n) for n in range(n_pods)})
    put(ring, FIRST + SLACK, kept)
    put(ring, FIRST + DEPTH, kept)
    assert names(ring) == list(kept)
    found = newest(ring, DEPTH)
    np.testing.assert_array_equal(found[:, [SLACK - 1, -1]].T, [[*kept.values()]] * 2)
    assert np.isfinite(found).sum() == 2 * len(kept)


def test_what_was_not_put_is_unknown():
    ring = Ring()
    put(ring, FIRST, {"a": 1.0})
    put(ring, FIRST + 3, {"a": 2.0})
    np.testing.assert_array_equal(newest(ring, 4), [[1.0, NAN, NAN, 2.0]])


def test_a_gap_is_filled_later():
    ring = Ring()
    put(ring, FIRST, {"a": 1.0})
    put(ring, FIRST + 2, {"a": 3.0})
    ring.put(samples(ring, FIRST + 1, {"a": 2.0}))
    np.testing.assert_array_equal(newest(ring, 3), [[1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    "at", [pytest.param(FIRST - DEPTH, id="too old"), pytest.param(FIRST + 1, id="to come")]
)
def test_samples_outside_of_the_hour_are_left_out(at):
    ring = Ring()
    put(ring, FIRST, {"a": 1.0})
    ring.put(samples(ring, at, {"a": 9.0}))
    values = ring.block(["memory"], ring.oldest, ring.newest).signal("memory")
    assert np.nansum(values) == 1.0


@pytest.mark.parametrize("ticks", [DEPTH - 1, DEPTH, DEPTH + SLACK, 3 * (DEPTH + SLACK)])
def test_the_hour_is_whole_however_long_it_runs(ticks):
    ring = Ring()
    for at in range(FIRST, FIRST + ticks):
        put(ring, at, {"a": float(at - FIRST)})
    block = ring.block(["memory"], ring.oldest, ring.newest)
    there = np.arange(ticks - DEPTH, ticks, dtype=np.float64)
    np.testing.assert_array_equal(block.signal("memory"), [np.where(there >= 0, there, NAN)])
    assert block.times[-1] == 15.0 * (FIRST + ticks - 1)


def test_an_hour_without_scans_leaves_nothing_behind():
    ring = Ring()
    put(ring, FIRST, {"a": 1.0})
    ring.advance(FIRST + 10 * DEPTH)
    assert ring.pods == ()
    assert ring.nbytes == 0


def test_a_pod_that_was_not_seen_for_an_hour_is_dropped():
    ring = Ring()
    put(ring, FIRST, {"gone": 1.0, "here": 1.0})
    for at in range(FIRST + 1, FIRST + DEPTH + SLACK):
        put(ring, at, {"here": 2.0})
    assert names(ring) == ["here"]
    put(ring, FIRST + DEPTH + SLACK, {"gone": 3.0, "here": 3.0})
    np.testing.assert_array_equal(newest(ring, 2), [[2.0, 3.0], [NAN, 3.0]])


def test_pods_that_come_and_go_do_not_pile_up():
    ring = Ring()
    for at in range(FIRST, FIRST + 1000):
        put(ring, at, {f"job-{at}": 1.0, "here": 1.0})
    assert len(ring.pods) <= DEPTH + SLACK + 1
    assert len(ring.table) == len(ring.pods)


def test_a_pod_that_is_only_known_to_be_unknown_is_dropped_too():
    ring = Ring()
    put(ring, FIRST, {"a": NAN})
    ring.advance(FIRST + 2 * SLACK)
    assert ring.pods == ()


def test_signals_that_nobody_has_take_no_memory():
    ring = Ring()
    put(ring, FIRST, {"a": 1.0})
    ring.put(samples(ring, FIRST, {"a": NAN}, "open_fds"))
    assert ring.nbytes == 8 * (DEPTH + SLACK)
    assert np.isnan(newest(ring, signal="open_fds")).all()


def test_ten_thousand_new_pods_at_once_take_little_time_and_bounded_memory():
    ring = Ring()
    put(ring, FIRST, {"cart-0": 1.0})
    put(ring, FIRST + 1, {"cart-0": 2.0} | {f"job-{n}": 0.5 for n in range(10_000)})
    assert len(ring.pods) == 10_001
    np.testing.assert_array_equal(newest(ring, 2)[0], [1.0, 2.0])
    assert ring.nbytes == 10_001 * 8 * (DEPTH + SLACK)


def test_a_pod_without_an_owner_is_its_own_workload():
    ring = Ring()
    put(ring, FIRST, {"a": 1.0, "b": 1.0})
    ring.own([("shop", "b", "cart"), ("shop", "nobody", "cart")])
    block = ring.block([], ring.newest, ring.newest)
    assert block.workloads == ("shop/a", "shop/cart")
    assert ring.ownerless(FIRST)
    assert not ring.ownerless(FIRST + 1)


def test_workloads_stay_with_their_pods():
    ring = Ring()
    put(ring, FIRST, {"b": 1.0})
    ring.own([("shop", "b", "cart")])
    put(ring, FIRST + 1, {"a": 1.0, "b": 1.0})
    assert ring.block([], ring.newest, ring.newest).workloads == ("shop/cart", "shop/a")
    for at in range(FIRST + 2, FIRST + 2 + DEPTH + SLACK):
        put(ring, at, {"b": 1.0})
    assert ring.block([], ring.newest, ring.newest).workloads == ("shop/cart",)


def test_odd_names_are_names():
    odd = ['say "hi"', "web.0", "ä-😀", "x" * 253, "a\\b", "new\nline"]
    ring = Ring()
    put(ring, FIRST, dict.fromkeys(odd, 1.0))
    assert ring.pods == tuple(sorted(PodRef("shop", name) for name in odd))

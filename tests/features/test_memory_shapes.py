"""What tells a leak that reaches the limit from the shapes that only look like one."""

from __future__ import annotations

import numpy as np
import pytest

MINUTES = np.arange(241) * 0.25
HIGH_AGE = 600.0 + MINUTES


def leak(per_minute, *, idle=0.25, begins=40.0):
    """Share of the limit: flat, then a line."""
    return idle + per_minute * np.maximum(MINUTES - begins, 0.0)


def plateau(level, *, begins=30.0, ends=50.0):
    """A warm-up: a line that stops."""
    return np.interp(MINUTES, [begins, ends], [0.25, level])


def sawtooth(high, *, low=0.3, period=8.0):
    """A garbage-collected heap."""
    return low + (high - low) * (MINUTES % period) / period


def memory(cluster, name, shape, **signals):
    return cluster.feature(name, memory_usage_ratio=shape, **signals)


def test_a_leak_says_when_it_reaches_the_limit(cluster):
    shape = leak(0.02)
    assert shape[-1] == pytest.approx(0.65)
    for name in ("memory_minutes_to_limit", "memory_minutes_to_limit_3m"):
        assert memory(cluster, name, shape) == pytest.approx(0.35 / 0.02)


def test_the_pace_of_the_window_notices_the_end_of_a_warm_up_first(cluster):
    just_ended = plateau(0.85, begins=45.0, ends=57.0)
    assert memory(cluster, "memory_minutes_to_limit_3m", just_ended) == 120.0
    assert memory(cluster, "memory_minutes_to_limit", just_ended) < 10.0
    assert memory(cluster, "memory_growth_change", just_ended) < -1.0


def test_the_pace_of_the_last_minute_notices_a_fast_leak_first(cluster):
    shape = leak(0.2, begins=59.0)
    notices = [
        memory(cluster, f"memory_minutes_to_limit{pace}", shape) for pace in ("_1m", "_3m", "")
    ]
    assert notices == sorted(notices)
    assert notices[0] == pytest.approx(0.55 / 0.2)
    assert notices[1] > 2 * notices[0]


def test_growth_that_speeds_up_is_no_warm_up(cluster):
    accelerating = 0.25 + 0.0004 * np.maximum(MINUTES - 20.0, 0.0) ** 2
    assert memory(cluster, "memory_growth_change", accelerating) > 0.1


def test_a_plateau_is_flat_again(cluster):
    shape = plateau(0.85, ends=45.0)
    assert memory(cluster, "memory_growth_10m", shape) == pytest.approx(0.0, abs=1e-9)
    assert memory(cluster, "memory_growth_steadiness", shape) == 0.0
    assert memory(cluster, "memory_minutes_to_limit", shape) == 120.0


def test_a_sawtooth_has_been_higher_and_falls_deep(cluster):
    shape = sawtooth(0.9)
    assert memory(cluster, "memory_above_past_peak", shape) < 0.0
    assert memory(cluster, "memory_largest_drop", shape) > 50.0
    assert memory(cluster, "memory_peak_pct", shape) == pytest.approx(100 * shape.max())


def test_a_leak_is_where_it_has_never_been_and_never_falls(cluster):
    assert memory(cluster, "memory_above_past_peak", leak(0.02)) == pytest.approx(6.5, abs=0.1)
    assert memory(cluster, "memory_largest_drop", leak(0.02)) == 0.0
    assert memory(cluster, "memory_growth_steadiness", leak(0.02)) == pytest.approx(1.0)


def test_after_an_oom_kill_the_next_leak_is_no_sawtooth(cluster):
    """Without regard to the restart the fall from 100 % would look like a collection."""
    shape = np.where(MINUTES < 50.0, leak(0.03, begins=25.0), 0.25 + 0.05 * (MINUTES - 50.0))
    age = np.where(MINUTES < 50.0, HIGH_AGE, MINUTES - 50.0)
    signals = {"container_age_minutes": age}
    assert memory(cluster, "memory_largest_drop", shape, **signals) == 0.0
    assert memory(cluster, "memory_above_past_peak", shape, **signals) > 10.0
    assert memory(cluster, "memory_growth_10m", shape, **signals) == pytest.approx(5.0)
    assert memory(cluster, "memory_leak_rate", shape, **signals) == pytest.approx(3.0)


def test_a_sample_of_a_container_that_is_gone_says_nothing_about_the_next(cluster):
    age = np.where(MINUTES < 59.9, HIGH_AGE, 0.1)
    for name, signal in (("memory_usage_pct", "memory_usage_ratio"),
                         ("open_fds_pct", "open_fds_ratio")):  # fmt: skip
        not_yet_scraped = np.where(MINUTES < 59.9, 0.99, np.nan)
        assert np.isnan(
            cluster.feature(name, **{signal: not_yet_scraped, "container_age_minutes": age})
        )
        scraped = np.where(MINUTES < 59.9, 0.99, 0.2)
        signals = {signal: scraped, "container_age_minutes": age}
        assert cluster.feature(name, **signals) == pytest.approx(20.0)


def test_where_the_age_is_unknown_restarts_begin_a_new_life(cluster):
    shape = np.where(MINUTES < 50.0, 0.9, 0.25)
    restarts = np.where(MINUTES < 50.0, 2.0, 3.0)
    with_restart = memory(cluster, "memory_largest_drop", shape, restarts=restarts)
    assert (with_restart, memory(cluster, "memory_largest_drop", shape)) == (0.0, 65.0)


def test_loading_is_no_leak(cluster):
    young = np.where(MINUTES < 56.0, np.nan, np.minimum(0.1 + 0.8 * (MINUTES - 56.0), 0.35))
    age = np.where(MINUTES < 56.0, np.nan, MINUTES - 56.0)
    assert memory(cluster, "memory_leak_rate", young, container_age_minutes=age) == 0.0


def test_a_container_that_just_started_has_no_trend_yet(cluster):
    signals = {"container_age_minutes": np.maximum(MINUTES - 59.0, 0.0)}
    for name in ("memory_growth_3m", "memory_growth_10m", "memory_leak_rate"):
        assert np.isnan(memory(cluster, name, leak(0.02), **signals))


def test_descriptors_run_out_like_memory(cluster):
    shape = leak(0.04)[None, :] - 0.3
    assert cluster.feature("open_fds_pct", open_fds_ratio=shape) == pytest.approx(75.0)
    assert cluster.feature("open_fds_growth_10m", open_fds_ratio=shape) == pytest.approx(4.0)
    for pace in ("", "_3m", "_1m"):
        name = f"open_fds_minutes_to_limit{pace}"
        assert cluster.feature(name, open_fds_ratio=shape) == pytest.approx(0.25 / 0.04)


@pytest.mark.parametrize(
    ("name", "own", "others", "expected"),
    [
        pytest.param("memory_vs_siblings", 0.8, (0.3, 0.5), 40.0, id="memory"),
        pytest.param("memory_vs_own_past", 0.8, (), 0.0, id="memory, steady"),
    ],
)
def test_levels_are_compared(cluster, name, own, others, expected):
    rows = np.repeat(np.array([own, *others])[:, None], 241, axis=1)
    assert cluster.feature(name, memory_usage_ratio=rows) == pytest.approx(expected)

"""Window functions against slower, independent ways to the same number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from podforecast.features import windows

NAN = float("nan")
SAMPLES = st.one_of(st.floats(-1e3, 1e3, width=32), st.just(NAN))
GRIDS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 30)),
    elements=SAMPLES,
)
UNIX = 1.767e9


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, equal_nan=True)


def uneven_times(n, seed):
    return UNIX + np.cumsum(np.random.default_rng(seed).integers(1, 40, n)).astype(float)


@pytest.mark.parametrize(
    "function",
    [
        windows.last,
        windows.mean,
        windows.maximum,
        windows.median,
        windows.spread,
        windows.largest_drop,
    ],
)
@pytest.mark.parametrize("n_times", [0, 1, 5])
def test_rows_without_a_sample_have_no_answer(function, n_times):
    assert np.isnan(function(np.full((2, n_times), NAN))).tolist() == [True, True]


@pytest.mark.parametrize("n_times", [0, 1, 5])
def test_lines_and_runs_of_rows_without_a_sample_are_unknown(n_times):
    values, times = np.full((2, n_times), NAN), np.arange(float(n_times))
    line = windows.fit_line(values, times)
    run = windows.minutes_above(values, times, 1.0)
    assert np.isnan([line.slope, line.explained, line.steadiness, run]).all()


def test_times_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"values \(1, 3\) and times \(2,\) do not match"):
        windows.fit_line(np.zeros((1, 3)), np.arange(2.0))


@pytest.mark.parametrize("odd", [np.inf, -np.inf])
def test_infinite_samples_are_left_out(odd):
    values, times = np.array([[1.0, odd, 3.0, 5.0]]), 60.0 * np.arange(4)
    without = np.array([[1.0, NAN, 3.0, 5.0]])
    for function in (windows.last, windows.mean, windows.maximum, windows.median):
        close(function(values), function(without))
    close(windows.largest_drop(values), [0.0])
    close(windows.fit_line(values, times).slope, windows.fit_line(without, times).slope)
    close(windows.minutes_above(values, times, 4.0), [0.0])


@given(GRIDS)
def test_what_a_row_says_does_not_depend_on_gaps_in_its_neighbours(values):
    times = 15.0 * np.arange(values.shape[1])
    numbers = (
        windows.last, windows.mean, windows.maximum, windows.median, windows.spread,
        windows.largest_drop, lambda rows: windows.minutes_above(rows, times, 1.0),
        lambda rows: windows.fit_line(rows, times).slope,
        lambda rows: windows.fit_line(rows, times).explained,
    )  # fmt: skip
    for number in numbers:
        alone = np.concatenate([number(row[None, :]) for row in values])
        assert number(values).tobytes() == alone.tobytes()


@given(GRIDS)
def test_levels_are_those_of_pandas(values):
    frame = pd.DataFrame(values.T)
    close(windows.mean(values), frame.mean())
    close(windows.maximum(values), frame.max())
    close(windows.median(values), frame.median())
    close(windows.last(values), frame.ffill().iloc[-1])


@given(GRIDS)
def test_spread_is_the_median_deviation_from_the_median(values):
    frame = pd.DataFrame(values.T)
    close(windows.spread(values), 1.4826 * (frame - frame.median()).abs().median())


@given(GRIDS, st.integers(0, 2**16))
def test_a_slope_is_that_of_polyfit(values, seed):
    times = uneven_times(values.shape[1], seed)
    expected = []
    for row in values:
        seen = np.isfinite(row)
        enough = seen.sum() >= windows.MIN_POINTS
        expected.append(np.polyfit(times[seen] - UNIX, row[seen], 1)[0] if enough else NAN)
    np.testing.assert_allclose(
        windows.fit_line(values, times).slope, expected, rtol=1e-6, atol=1e-8, equal_nan=True
    )


@given(GRIDS, st.integers(0, 2**16))
def test_what_a_line_explains_is_the_squared_correlation(values, seed):
    times = uneven_times(values.shape[1], seed)
    found = windows.fit_line(values, times).explained
    for row, explained in zip(values, found, strict=True):
        seen = np.isfinite(row)
        if seen.sum() < windows.MIN_POINTS:
            assert np.isnan(explained)
        elif np.ptp(row[seen]) < 1e-6 * max(1.0, np.abs(row[seen]).max()):
            assert 0.0 <= explained <= 1.0
        else:
            r = np.corrcoef(times[seen] - UNIX, row[seen])[0, 1]
            assert explained == pytest.approx(r**2, abs=1e-6)


def test_a_falling_line_is_not_steady_growth():
    falling = windows.fit_line(np.array([[3.0, 2.0, 1.0]]), np.arange(3.0))
    assert (falling.explained[0], falling.steadiness[0]) == (1.0, 0.0)


def test_a_flat_row_explains_nothing_however_large_it_is():
    flat = windows.fit_line(np.full((1, 13), 0.1 * 3e9), np.arange(13.0))
    assert (flat.slope[0], flat.steadiness[0]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("min_span", "known"),
    [pytest.param(30.0, True, id="span is enough"), pytest.param(31.0, False, id="too short")],
)
def test_a_line_wants_samples_that_span_some_time(min_span, known):
    values = np.array([[NAN, 1.0, 2.0, 3.0, NAN]])
    slope = windows.fit_line(values, 15.0 * np.arange(5), min_span=min_span).slope
    assert np.isfinite(slope[0]) == known


@given(GRIDS)
def test_the_largest_drop_is_the_worst_of_all_pairs(values):
    expected = []
    for row in values:
        seen = row[np.isfinite(row)]
        falls = [a - b for i, a in enumerate(seen) for b in seen[i:]]
        expected.append(max(falls, default=NAN))
    close(windows.largest_drop(values), expected)


@given(GRIDS, st.floats(-500, 500))
def test_a_run_is_what_walking_backwards_finds(values, threshold):
    times = 60.0 * np.arange(values.shape[1])
    expected = []
    for row in values:
        begun = None if np.isfinite(row).any() else NAN
        for time, value in zip(times[::-1], row[::-1], strict=True):
            if value <= threshold:
                break
            if value > threshold:
                begun = time
        expected.append(0.0 if begun is None else (times[-1] - begun) / 60.0)
    close(windows.minutes_above(values, times, threshold), expected)


@pytest.mark.parametrize(
    ("level", "slope", "minutes"),
    [
        pytest.param(NAN, 0.01, NAN, id="level unknown"),
        pytest.param(0.5, NAN, NAN, id="slope unknown"),
        pytest.param(0.5, 0.0, 120.0, id="flat"),
        pytest.param(0.5, -0.01, 120.0, id="shrinks"),
        pytest.param(0.5, 1e-300, 120.0, id="grows, but for ever"),
        pytest.param(0.4, 0.001, 10.0, id="0.6 at 0.06 a minute"),
        pytest.param(1.2, 0.001, 0.0, id="beyond the limit and growing"),
        pytest.param(1.2, -0.001, 120.0, id="beyond the limit and shrinking"),
    ],
)
def test_minutes_to_the_limit(level, slope, minutes):
    found = windows.minutes_to_limit(np.array([level]), np.array([slope]), limit=1.0, most=120.0)
    close(found, [minutes])


@given(GRIDS, st.integers(0, 2**16), st.permutations(range(6)))
def test_a_row_does_not_know_the_other_rows(values, seed, order):
    order = [i for i in order if i < len(values)]
    times = uneven_times(values.shape[1], seed)
    for function in (windows.mean, windows.median, windows.spread, windows.largest_drop):
        assert function(values)[order].tobytes() == function(values[order]).tobytes()
    whole, shuffled = (windows.fit_line(v, times) for v in (values, values[order]))
    assert whole.slope[order].tobytes() == shuffled.slope.tobytes()

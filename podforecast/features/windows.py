"""What a row of samples says: levels, trends, falls and runs.

Every function takes ``values`` of shape (n_pods, n_times), one row per pod and NaN where
nothing was scraped, and returns one number per pod, shape (n_pods,). A sample that is missing or
infinite is left out, never filled in: a filled gap looks like a flat line. A row with too
few samples has no answer, which is NaN. ``times`` are Unix seconds, shape (n_times,), strictly
increasing; their distances may differ. Cost is O(n_pods * n_times) without a Python loop
over pods; medians sort.

Rows are summed one by one (no matrix product), so a row's answer does not depend on which other
rows are there, down to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from podforecast.domain.tables import Index, Mask
from podforecast.domain.telemetry import Array

MIN_POINTS = 3
"""Two points always lie on a line: only a third one can speak for or against a trend."""
NORMAL_MAD = 1.4826
"""Median absolute deviation times this is the standard deviation of a normal distribution."""


def _gaps_are_nan() -> np.errstate:
    """Surround what is computed as if every sample were there.

    A row with a gap comes out as NaN or infinite and is computed again: few are, and a mask of
    all samples costs more than the rest.
    """
    return np.errstate(invalid="ignore")


def _patched(found: Array, values: Array, across_gaps: Callable[[Array], Array]) -> Array:
    """Compute the rows again that came out as no number."""
    gaps = np.flatnonzero(~np.isfinite(found))
    if gaps.size:
        found[gaps] = across_gaps(values[gaps])
    return found


def rows_with_gaps(values: Array) -> Index:
    """Return the rows of which a sample is missing or infinite.

    A sum is no number if a part of it is none, and reads through a row several times quicker than
    a mask. One that overflows names a row too many, never one too few.

    >>> rows_with_gaps(np.array([[1.0, 2.0], [1.0, np.nan], [np.inf, -np.inf]]))
    array([1, 2])
    """
    # In any order: nobody sees this sum.
    return np.flatnonzero(~np.isfinite(np.einsum("ij->i", values)))


def seen(values: Array) -> Mask:
    """Tell where there is a sample, (n_pods, n_times)."""
    gaps = rows_with_gaps(values)
    if 2 * gaps.size > len(values):
        return np.isfinite(values)
    there = np.ones(values.shape, dtype=np.bool_)
    there[gaps] = np.isfinite(values[gaps])
    return there


def n_seen(values: Array) -> Index:
    """Count the samples that are there, (n_pods,).

    >>> n_seen(np.array([[1.0, 2.0], [1.0, np.nan]]))
    array([2, 1])
    """
    n = np.full(len(values), values.shape[1])
    gaps = rows_with_gaps(values)
    n[gaps] = np.isfinite(values[gaps]).sum(axis=1)
    return n


def last(values: Array) -> Array:
    """Return the newest sample that is there.

    >>> last(np.array([[1.0, 2.0, np.nan]]))
    array([2.])
    """
    if values.shape[1] == 0:
        return np.full(len(values), np.nan)
    return _patched(values[:, -1].copy(), values, _last_seen)


def _last_seen(values: Array) -> Array:
    seen = np.isfinite(values)
    newest = values.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    rows = np.arange(len(values))
    return np.where(seen[rows, newest], values[rows, newest], np.nan)


def mean(values: Array) -> Array:
    """Return the mean of the samples that are there.

    >>> mean(np.array([[1.0, 2.0, np.nan]]))
    array([1.5])
    """
    n_times = values.shape[1]
    if n_times == 0:
        return np.full(len(values), np.nan)
    with _gaps_are_nan():
        found: Array = values.sum(axis=1) / n_times
    return _patched(found, values, _mean_across_gaps)


def _mean_across_gaps(values: Array) -> Array:
    seen = np.isfinite(values)
    n = seen.sum(axis=1)
    total = np.where(seen, values, 0.0).sum(axis=1)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def maximum(values: Array) -> Array:
    """Return the largest sample that is there.

    >>> maximum(np.array([[1.0, 3.0, np.nan]]))
    array([3.])
    """
    if values.shape[1] == 0:
        return np.full(len(values), np.nan)
    return _patched(values.max(axis=1), values, _maximum_across_gaps)


def _maximum_across_gaps(values: Array) -> Array:
    highest = np.where(np.isfinite(values), values, -np.inf).max(axis=1)
    return np.where(highest > -np.inf, highest, np.nan)


def median(values: Array, *, min_points: int = 1) -> Array:
    """Return the median of the samples that are there.

    Several times faster than ``np.nanmedian`` along an axis, and silent about empty rows.

    Parameters
    ----------
    values : (n_pods, n_times)
        Samples.
    min_points
        Rows with fewer samples have no median.

    Examples
    --------
    >>> median(np.array([[3.0, 1.0, np.nan, 2.0], [1.0, 4.0, np.nan, np.nan]]))
    array([2. , 2.5])
    """
    if values.shape[1] == 0:
        return np.full(len(values), np.nan)
    # NaN and infinity sort last; all ranks below n are samples.
    ordered = np.sort(values, axis=1)
    gaps = np.flatnonzero(~np.isfinite(ordered[:, 0] + ordered[:, -1]))
    n = np.full(len(values), values.shape[1])
    if gaps.size:
        there = np.isfinite(values[gaps])
        n[gaps] = there.sum(axis=1)
        ordered[gaps] = np.sort(np.where(there, values[gaps], np.inf), axis=1)
    enough = n >= max(min_points, 1)
    rows, upper = np.arange(len(values)), np.where(enough, n // 2, 0)
    lower = np.where(enough, (n - 1) // 2, 0)
    low = np.where(enough, ordered[rows, lower], 0.0)
    high = np.where(enough, ordered[rows, upper], 0.0)
    return np.where(enough, low + 0.5 * (high - low), np.nan)


def spread(values: Array, *, min_points: int = 1, centre: Array | None = None) -> Array:
    """Return a standard deviation that outliers do not move: 1.4826 x the median deviation.

    ``centre`` is the median of each row, for callers that have it already.

    References
    ----------
    .. [1] Rousseeuw & Croux, *Alternatives to the Median Absolute Deviation*, JASA 88 (1993).

    Examples
    --------
    >>> spread(np.array([[1.0, 2.0, 3.0, 99.0]]))
    array([1.4826])
    """
    if centre is None:
        centre = median(values, min_points=min_points)
    # A row without a centre gets NaN everywhere, hence no spread either.
    return NORMAL_MAD * median(np.abs(values - centre[:, None]), min_points=min_points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The straight line through each row, by least squares."""

    slope: Array
    """Per second, (n_pods,)."""
    explained: Array
    """Share of the variation that the line explains (R squared), 0 for a flat row; (n_pods,)."""

    @property
    def steadiness(self) -> Array:
        """Share of the variation that a *rising* line explains: 0 where it does not rise."""
        return np.where(self.slope <= 0.0, 0.0, self.explained)

    def put(self, rows: Index, part: Line) -> None:
        """Set some rows."""
        self.slope[rows], self.explained[rows] = part.slope, part.explained


def fit_line(values: Array, times: Array, *, min_span: float = 0.0) -> Line:
    r"""Fit a straight line to each row.

    Ordinary least squares in closed form,
    :math:`\hat\beta = \sum (t-\bar t)(x-\bar x) / \sum (t-\bar t)^2`.
    Rows with fewer than ``MIN_POINTS`` samples, or whose samples span less than ``min_span``,
    have no line.

    Parameters
    ----------
    values : (n_pods, n_times)
        Samples in any unit.
    times : (n_times,)
        Unix seconds.
    min_span
        Seconds from the first to the last sample of a row.

    Raises
    ------
    ValueError
        If the shapes do not match.

    Notes
    -----
    Both axes are centred before anything is multiplied: raw Unix seconds squared use up the
    digits of a float64.

    References
    ----------
    .. [1] Draper & Smith, *Applied Regression Analysis*, 3rd ed., section 1.2.

    Examples
    --------
    >>> line = fit_line(np.array([[0.0, 2.0, 4.0], [4.0, 2.0, 0.0]]), np.array([0.0, 1.0, 2.0]))
    >>> line.slope
    array([ 2., -2.])
    >>> line.steadiness
    array([1., 0.])
    """
    if times.shape != values.shape[1:]:
        raise ValueError(f"values {values.shape} and times {times.shape} do not match")
    if times.size == 0:
        return Line(slope=np.full(len(values), np.nan), explained=np.full(len(values), np.nan))
    with _gaps_are_nan():
        line = _whole_line(values, times, min_span)
    gaps = np.flatnonzero(np.isnan(line.slope))
    line.explained[gaps] = np.nan
    gaps = gaps[np.isfinite(values[gaps]).sum(axis=1) >= MIN_POINTS]
    if gaps.size:
        line.put(gaps, _broken_line(values[gaps], times, min_span))
    return line


def _whole_line(values: Array, times: Array, min_span: float) -> Line:
    """Fit rows that have every sample: what is made of times alone is the same for all of them."""
    n_times = len(times)
    since = times - times[-1:]
    t = since - since.sum() / n_times
    x_mean = values.sum(axis=1) / n_times
    x = values - x_mean[:, None]
    enough = np.full(len(values), n_times >= MIN_POINTS and times[-1] - times[0] >= min_span)
    safe_n = np.full(len(values), n_times)
    return _line(enough, safe_n, x_mean, (t * t).sum(), (t * x).sum(axis=1), (x * x).sum(axis=1))


def _broken_line(values: Array, times: Array, min_span: float) -> Line:
    seen = np.isfinite(values)
    n = seen.sum(axis=1)
    safe_n = np.maximum(n, 1)
    since = times - times[-1:]
    t_mean = np.where(seen, since, 0.0).sum(axis=1) / safe_n
    t = np.where(seen, since - t_mean[:, None], 0.0)
    x_mean = np.where(seen, values, 0.0).sum(axis=1) / safe_n
    x = np.where(seen, values - x_mean[:, None], 0.0)
    enough = (n >= MIN_POINTS) & (_span(seen, times) >= min_span)
    sums = (t * t).sum(axis=1), (t * x).sum(axis=1), (x * x).sum(axis=1)
    return _line(enough, safe_n, x_mean, *sums)


def _line(enough: Mask, safe_n: Index, x_mean: Array, *sums: Array) -> Line:
    t_t, t_x, x_x = sums
    slope = t_x / np.where(t_t > 0.0, t_t, 1.0)
    varies = x_x > (_ROUNDING * x_mean) ** 2 * safe_n
    explained = np.where(varies, slope * t_x / np.where(varies, x_x, 1.0), 0.0)
    return Line(
        slope=np.where(enough, slope, np.nan),
        explained=np.where(enough, np.clip(explained, 0.0, 1.0), np.nan),
    )


_ROUNDING = 1e-12
"""Relative variation below this is the rounding of the mean, not of the samples."""


def _span(seen: Mask, times: Array) -> Array:
    """Seconds from the first to the last sample of each row, 0 for an empty row."""
    if times.size == 0:
        return np.zeros(len(seen))
    span: Array = times[-1 - np.argmax(seen[:, ::-1], axis=1)] - times[np.argmax(seen, axis=1)]
    return np.where(seen.any(axis=1), span, 0.0)


def largest_drop(values: Array) -> Array:
    """Return the deepest fall from a sample to a later one; 0 where nothing falls.

    >>> largest_drop(np.array([[1.0, 5.0, np.nan, 2.0, 4.0], [1.0, 2.0, 3.0, 4.0, 5.0]]))
    array([3., 0.])
    """
    if values.shape[1] == 0:
        return np.full(len(values), np.nan)
    with _gaps_are_nan():
        found = (np.maximum.accumulate(values, axis=1) - values).max(axis=1)
    return _patched(found, values, _drop_across_gaps)


def _drop_across_gaps(values: Array) -> Array:
    seen = np.isfinite(values)
    peak = np.maximum.accumulate(np.where(seen, values, -np.inf), axis=1)
    fall = np.where(seen, peak, 0.0) - np.where(seen, values, 0.0)
    return np.where(seen.any(axis=1), fall.max(axis=1), np.nan)


def minutes_above(values: Array, times: Array, threshold: float) -> Array:
    """Return for how many minutes samples have been above a threshold without a break.

    Counted from the first sample of the run to the end of the row. A missing sample does not
    break a run: it is not known to be lower.

    >>> minutes_above(np.array([[9.0, 1.0, 9.0, np.nan, 9.0]]), 60.0 * np.arange(5), 5.0)
    array([2.])
    """
    newest = last(values)
    minutes = np.where(np.isfinite(newest), 0.0, np.nan)
    running = np.flatnonzero(newest > threshold)
    if running.size:
        minutes[running] = _length_of_run(values[running], times, threshold)
    return minutes


def _length_of_run(values: Array, times: Array, threshold: float) -> Array:
    """Minutes since the run began, of rows whose newest sample is above."""
    above = np.isfinite(values) & (values > threshold)
    below = np.isfinite(values) & ~above
    n_times = values.shape[1]
    after_break = np.where(below.any(axis=1), n_times - np.argmax(below[:, ::-1], axis=1), 0)
    in_run = above & (np.arange(n_times) >= after_break[:, None])
    length: Array = (times[-1] - times[np.argmax(in_run, axis=1)]) / 60.0
    return length


def minutes_to_limit(level: Array, slope: Array, *, limit: float, most: float) -> Array:
    """Extrapolate a line to its limit.

    Parameters
    ----------
    level : (n_pods,)
        Where the row is now.
    slope : (n_pods,)
        Its growth per *second*.
    limit
        In the unit of ``level``.
    most
        Answer in minutes where the limit is further away, or never reached.

    Returns
    -------
    (n_pods,)
        Minutes in [0, ``most``]; NaN where level or slope is unknown.

    Examples
    --------
    >>> minutes_to_limit(np.array([0.4, 0.4]), np.array([0.01, -0.01]), limit=1.0, most=120.0)
    array([  1., 120.])
    """
    left = np.maximum(limit - level, 0.0)
    # Slower than this the limit is further away than ``most``; the division stays finite.
    slowest = np.maximum(left / (60.0 * most), np.finfo(np.float64).tiny)
    minutes = np.where(slope > slowest, left / (60.0 * np.maximum(slope, slowest)), most)
    return np.where(np.isfinite(level) & np.isfinite(slope), minutes, np.nan)

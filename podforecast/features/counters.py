"""What counters say: how much they rose, and how often things happen."""

from __future__ import annotations

import numpy as np

from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import Array


def increments(values: Array, *, absent: Mask | None = None) -> Array:
    """Return by how much a counter rose up to each sample since the one before it.

    A counter that falls was reset: it has counted from 0 since. A gap is bridged, its rise
    belongs to the sample that ends it. Unlike ``increase()`` in PromQL nothing is extrapolated,
    so counts stay whole.

    Parameters
    ----------
    values : (n_pods, n_times)
        The counter, NaN where nothing was scraped.
    absent : (n_pods, n_times), optional
        Where the counter would be there if it existed. Before its first sample it counts from 0
        there: a counter of failures often appears with the first failure, and ``rate`` would
        miss that one. Later a sample that is not there is a gap like any other.

    Returns
    -------
    (n_pods, n_times)
        0 where nothing is known; the first sample of a row has nothing to rise from.

    Examples
    --------
    >>> increments(np.array([[2.0, 2.0, np.nan, 5.0, 1.0]]))
    array([[0., 0., 0., 3., 1.]])
    >>> unborn = np.array([[True, True, False]])
    >>> increments(np.array([[np.nan, np.nan, 1.0]]), absent=unborn)
    array([[0., 0., 1.]])
    """
    rises = np.zeros(values.shape)
    if not values.size:
        return rises
    # Most counters of failures stand still, or do not exist because there was none.
    exists = ~np.isnan(np.fmax.reduce(values, axis=1))
    counting = np.flatnonzero(exists & (values.max(axis=1) != values.min(axis=1)))
    if counting.size:
        rises[counting] = _rises(values[counting], None if absent is None else absent[counting])
    return rises


def _rises(values: Array, absent: Mask | None) -> Array:
    """Compute rows as if every sample were there, then those with gaps again."""
    rises = np.zeros(values.shape)
    with np.errstate(invalid="ignore"):
        np.subtract(values[:, 1:], values[:, :-1], out=rises[:, 1:])
        gaps = np.flatnonzero(~np.isfinite(values.sum(axis=1)))
    fell = rises < 0.0
    if fell.any():
        rises[fell] = values[fell]
    if gaps.size:
        rises[gaps] = _across_gaps(values[gaps], None if absent is None else absent[gaps])
    return rises


def _across_gaps(values: Array, absent: Mask | None) -> Array:
    seen = np.isfinite(values)
    counted = np.where(seen, values, 0.0)
    if absent is not None:
        seen = seen | (absent & ~np.logical_or.accumulate(seen, axis=1))
    n_times = values.shape[1]
    column = np.where(seen, np.arange(n_times), -1)
    newest = np.maximum.accumulate(column, axis=1)
    before = np.concatenate([np.full((len(values), 1), -1), newest[:, :-1]], axis=1)
    earlier = np.take_along_axis(counted, np.maximum(before, 0), axis=1)
    rise = np.where(counted >= earlier, counted - earlier, counted)
    return np.where(seen & (before >= 0), rise, 0.0)


def decayed_rate(
    rises: Array, times: Array, present: Mask, *, half_life: float
) -> tuple[Array, Array]:
    """Weigh rises and exposure by age; their ratio is a rate per second.

    Both halves are returned so that rows can be added up before they are divided: a workload's
    rate is the sum of its pods' rises over the sum of their exposure.

    Parameters
    ----------
    rises : (n_pods, n_times)
        From `increments`.
    times : (n_times,)
        Unix seconds; weights halve every ``half_life`` seconds before the last one.
    present : (n_pods, n_times)
        Where the pod was there and could have counted.
    half_life
        Seconds.

    Returns
    -------
    weighted rises, weighted seconds : (n_pods,), (n_pods,)

    Examples
    --------
    >>> rises, there = np.array([[0.0, 0.0, 1.0]]), np.ones((1, 3), dtype=bool)
    >>> count, seconds = decayed_rate(rises, np.array([0.0, 60.0, 120.0]), there, half_life=60.0)
    >>> count, seconds
    (array([1.]), array([90.]))
    """
    weight = 0.5 ** ((times[-1] - times) / half_life)
    # A sample stands for the time since the one before it; the first one for none.
    exposure = weight * np.diff(times, prepend=times[0])
    counted, seconds = np.zeros(len(rises)), np.full(len(rises), exposure.sum())
    risen, gone = np.flatnonzero(rises.any(axis=1)), np.flatnonzero(~present.all(axis=1))
    counted[risen] = (rises[risen] * weight).sum(axis=1)
    seconds[gone] = (present[gone] * exposure).sum(axis=1)
    return counted, seconds

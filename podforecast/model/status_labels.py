"""What becomes of each pod's status: labels for the status at the horizon."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from podforecast.domain.pods import PodStatus
from podforecast.domain.statuses import Codes
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import HORIZON, Array

UNKNOWN = np.int8(-1)
"""No status is known, which is not ``PodStatus.UNKNOWN``: there the cluster says so."""


def statuses_ahead(
    times: Array, status: Array, *, horizon: timedelta = HORIZON
) -> tuple[Codes, Codes]:
    """Find the status of each pod now and at the horizon, by the recorded samples alone.

    A pod without a sample at the horizon is ``NotFound`` if none follows: it is gone. If one
    follows, it was only not scraped, and nobody knows what it was.

    Parameters
    ----------
    times : (n_times,)
        Unix seconds, evenly spaced.
    status : (n_pods, n_times)
        The ``status_code`` signal, NaN where nothing was scraped.

    Returns
    -------
    now, later : (n_pods, n_times)
        -1 where it is not known; later likewise where the recording ends before it.

    Examples
    --------
    >>> times = 150.0 * np.arange(5)
    >>> now, later = statuses_ahead(times, np.array([[0.0, 4.0, 4.0, np.nan, np.nan]]))
    >>> now.tolist(), later.tolist()
    ([[0, 4, 4, -1, -1]], [[4, 6, 6, -1, -1]])
    """
    known = np.isfinite(status)
    now: Codes = np.where(known, np.nan_to_num(status), UNKNOWN).astype(np.int8)
    # From here on there is a sample no more.
    gone = ~np.logical_or.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    ended = np.where(gone, PodStatus.NOT_FOUND.code, now).astype(np.int8)
    later = np.full_like(now, UNKNOWN)
    column = np.searchsorted(times, times + horizon.total_seconds() - 1e-3)
    inside = column < len(times)
    later[:, inside] = ended[:, column[inside]]
    later[now == UNKNOWN] = UNKNOWN
    return now, later


def thinned(now: Codes, later: Codes, *, column: int, every: int) -> tuple[Mask, Array]:
    """Choose rows of one moment: those that run and go on running are most of all.

    Of these, every ``every``-th of a pod is kept, pods at different moments, and stands for the
    others. Every row of another kind is kept.

    Returns
    -------
    kept : (n_pods,)
    weight : (n_pods,)
        How many rows each stands for.
    """
    known = (now != UNKNOWN) & (later != UNKNOWN)
    plain = (now == PodStatus.RUNNING.code) & (later == PodStatus.RUNNING.code)
    in_turn = (np.arange(len(now)) + column) % every == 0
    return known & (~plain | in_turn), np.where(plain, float(every), 1.0)

"""What happened after each moment: onset labels, and which rows may be judged at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import FeatureTable, Index, Mask
from podforecast.domain.telemetry import HORIZON, Array

MIN_COVERAGE = 0.6
"""Below this share of the window's core samples there is too little to say anything."""


def announced_failures(
    times: Array,
    pods: Sequence[PodRef],
    failures: Sequence[Failure],
    *,
    horizon: timedelta = HORIZON,
) -> Index:
    """Find the failure that each moment of each pod should have announced.

    That is the earliest failure of the pod that begins in (t, t + horizon]: one that begins
    at t itself is no longer ahead.

    Parameters
    ----------
    times : (n_times,)
        Unix seconds, in any order.
    pods
        Rows of the answer.
    failures
        In any order; those of other pods are ignored.
    horizon
        How far ahead.

    Returns
    -------
    (n_pods, n_times)
        Index into ``failures``; -1 where nothing begins.

    Examples
    --------
    >>> from podforecast.domain.pods import FailureCause
    >>> pod = PodRef("shop", "cart-0")
    >>> failure = Failure(pod=pod, at=400.0, cause=FailureCause.OOM, first=True)
    >>> announced_failures(np.array([90.0, 100.0, 399.0, 400.0]), [pod], [failure])
    array([[-1,  0,  0, -1]])
    """
    by_pod: dict[PodRef, list[int]] = {}
    for index in sorted(range(len(failures)), key=lambda i: failures[i].at):
        by_pod.setdefault(failures[index].pod, []).append(index)
    found = np.full((len(pods), len(times)), -1, dtype=np.int64)
    for row, pod in enumerate(pods):
        own = np.array(by_pod.get(pod, ()), dtype=np.int64)
        if own.size:
            onsets = np.array([failures[index].at for index in own])
            found[row] = _next_within(times, onsets, own, horizon.total_seconds())
    return found


def _next_within(times: Array, onsets: Array, indices: Index, seconds: float) -> Index:
    following = np.searchsorted(onsets, times, side="right")
    nearest = np.minimum(following, len(onsets) - 1)
    due = (following < len(onsets)) & (onsets[nearest] <= times + seconds)
    return np.where(due, indices[nearest], -1)


AFTERMATH = timedelta(seconds=30)
"""Two scrapes: until then telemetry may still show a container that is gone."""


def just_failed(
    times: Array,
    pods: Sequence[PodRef],
    failures: Sequence[Failure],
    *,
    aftermath: timedelta = AFTERMATH,
) -> Mask:
    """Tell where a pod failed a moment ago: t is in [onset, onset + aftermath); (n_pods, n_times).

    The pod is down, or a scrape has yet to show that it restarted. Such a row says "99 % of the
    limit" and announces nothing: it would teach a model that a full memory is harmless.

    Examples
    --------
    >>> from podforecast.domain.pods import FailureCause
    >>> pod = PodRef("shop", "cart-0")
    >>> failure = Failure(pod=pod, at=100.0, cause=FailureCause.OOM, first=True)
    >>> just_failed(np.array([99.0, 100.0, 115.0, 130.0]), [pod], [failure])
    array([[False,  True,  True, False]])
    """
    row_of = {pod: row for row, pod in enumerate(pods)}
    found = np.zeros((len(pods), len(times)), dtype=bool)
    for failure in failures:
        if failure.pod in row_of:
            since = times - failure.at
            found[row_of[failure.pod]] |= (since >= 0.0) & (since < aftermath.total_seconds())
    return found


def onset_labels(announced: Index) -> NDArray[np.int8]:
    """1 where a failure is ahead, see `announced_failures`."""
    return (announced >= 0).astype(np.int8)


def scorable(table: FeatureTable) -> Mask:
    """Tell which pods of a table get a probability, in training as in serving; (n_pods,).

    Pods that are failing already do not, nor those with too little coverage.
    """
    enough: Mask = table.coverage >= MIN_COVERAGE
    return enough & ~table.failing


def uncensored(times: Array, end: float, *, horizon: timedelta = HORIZON) -> Mask:
    """Tell which moments have their whole horizon before the end of the recording; (n_times,).

    The others are dropped whatever they announce: keeping only their positives would raise the
    prevalence of the last minutes, and with it that of the test set.
    """
    before: Mask = times <= end - horizon.total_seconds()
    return before

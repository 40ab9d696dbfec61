"""Failures of a cluster without a log of its own: read off the signals.

A recorded campaign knows what happened from the agent that saw it. A user's cluster says it
through kube-state-metrics: restarts rose, and the last termination has a reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from podforecast.domain.outcomes import REPEAT_WITHIN, Failure
from podforecast.domain.pods import FailureCause, PodStatus
from podforecast.domain.telemetry import Array, TelemetryBlock

PROBED_WITHIN = timedelta(minutes=2)
"""A liveness kill follows its failed probes: three, ten seconds apart, unless set otherwise,
then the grace period and a scrape."""
PROBES_FAILED = 2.0
"""One may fail by chance; of the usual three, the scrape may have missed the last."""
EVICTED_FOR = timedelta(minutes=1)
"""A container that ended is restarted, an evicted pod stays in error."""

COMPLETED, OOM_KILLED = 1.0, 3.0
"""Of the signal ``last_termination_code``."""


def failures_of(block: TelemetryBlock) -> tuple[Failure, ...]:
    """Return the failures that the signals of a block show, in order of time.

    A container that exits with 0 has completed, which is no failure, unless its liveness probe
    had just failed: the kubelet killed it then, and it shut down cleanly. Several restarts
    between two samples count as one failure. A failure is dated at the first sample that shows
    it, up to one step too late.

    Parameters
    ----------
    block
        With ``restarts``, ``last_termination_code``, ``liveness_failures`` and ``status_code``;
        without the first one nothing but evictions can be found.
    """
    found = [
        (at, row, cause)
        for row in _suspects(block)
        for at, cause in (*_restarts(block, row), *_evictions(block, row))
    ]
    previous: dict[int, float] = {}
    failures = []
    for at, row, cause in sorted(found):
        first = at - previous.get(row, -np.inf) >= REPEAT_WITHIN.total_seconds()
        previous[row] = at
        failures.append(Failure(pod=block.pods[row], at=at, cause=cause, first=first))
    return tuple(failures)


def _suspects(block: TelemetryBlock) -> list[int]:
    """Rows that may have a failure: the few whose restarts differ, or that were in error.

    Looking closely takes 100 µs a row, which is too much for every pod of a cluster.
    """
    restarts = block.signal("restarts")
    most = np.fmax.reduce(restarts, axis=1, initial=np.nan)
    suspect = most > np.fmin.reduce(restarts, axis=1, initial=np.nan)
    suspect |= (block.signal("status_code") == PodStatus.ERROR.code).any(axis=1)
    return np.flatnonzero(suspect).tolist()


def _restarts(block: TelemetryBlock, row: int) -> Iterator[tuple[float, FailureCause]]:
    """Rises of the counter between known samples; a new life of the pod starts lower."""
    restarts = block.signal("restarts")[row]
    known = np.flatnonzero(np.isfinite(restarts))
    for k in known[1:][np.diff(restarts[known]) > 0]:
        cause = _cause(block, row, int(k))
        if cause is not None:
            yield float(block.times[k]), cause


def _cause(block: TelemetryBlock, row: int, k: int) -> FailureCause | None:
    code = block.signal("last_termination_code")[row, k]
    if code == OOM_KILLED:
        return FailureCause.OOM
    if _risen(block.signal("liveness_failures")[row], block.times, k) >= PROBES_FAILED:
        return FailureCause.LIVENESS
    return None if code == COMPLETED else FailureCause.EXIT


def _risen(counter: Array, times: Array, k: int) -> float:
    near = (times >= times[k] - PROBED_WITHIN.total_seconds()) & (times <= times[k])
    known = counter[near & np.isfinite(counter)]
    return float(np.diff(known).clip(min=0.0).sum())


def _evictions(block: TelemetryBlock, row: int) -> Iterator[tuple[float, FailureCause]]:
    """A pod that ran, stays in error, and has no container left."""
    status, age = (block.signal(name)[row] for name in ("status_code", "container_age_minutes"))
    error = status == PodStatus.ERROR.code
    steps = max(1, round(EVICTED_FOR.total_seconds() / float(np.diff(block.times[:2]).sum() or 1)))
    for k in np.flatnonzero(error[1:] & (status[:-1] == PodStatus.RUNNING.code)) + 1:
        if error[k : k + steps].all() and np.isnan(age[k : k + steps][-1]):
            yield float(block.times[k]), FailureCause.EVICTION

"""What is normal for a pod: what the other pods of its workload measure at the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array
from podforecast.explain.phrases import PHRASES, Family

FEWEST = 2
"""One other pod is no range."""
MOST = 200
"""So many tell as much as thousands, in a fraction of the time."""

_SHARED = frozenset(
    {Family.WORKLOAD, Family.REVISION, Family.SIZE, Family.SCALING, Family.NODE, Family.LAST_END}
)
"""What all pods of a workload or a node have in common, and categories, tell nothing apart."""
_OWN = np.array([PHRASES[f.name].family not in _SHARED and not f.categories for f in CATALOGUE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """Smallest and largest value of each feature among siblings, (n_features,) each.

    NaN where too few siblings know it, and where all of them have to have the same.
    """

    low: Array
    high: Array

    def of(self, column: int) -> tuple[float, float] | None:
        """Range of a feature; None where it is not known."""
        low, high = float(self.low[column]), float(self.high[column])
        return None if np.isnan(low) else (low, high)


UNKNOWN = Normal(low=np.full(len(CATALOGUE), np.nan), high=np.full(len(CATALOGUE), np.nan))


def normal_of(row: int, values: Array, workloads: Sequence[str]) -> Normal:
    """Look at the siblings of one pod; see :func:`normals_of`."""
    return normals_of([row], values, workloads)[0]


def normals_of(rows: Sequence[int], values: Array, workloads: Sequence[str]) -> list[Normal]:
    """Look at the siblings of some pods.

    Parameters
    ----------
    rows
        Of the pods.
    values
        Features of all pods in catalogue order, NaN = unknown, shape (n_pods, n_features).
    workloads
        Of each of all pods.
    """
    members: dict[str, list[int]] = {workloads[row]: [] for row in rows}
    for at, name in enumerate(workloads):
        if name in members:
            members[name].append(at)
    others = ([at for at in members[workloads[row]] if at != row][:MOST] for row in rows)
    return [range_of(values, np.array(each, dtype=np.int64)) for each in others]


def range_of(values: Array, rows: Index) -> Normal:
    """Range of each feature among some rows.

    >>> values = np.full((3, len(CATALOGUE)), np.nan)
    >>> values[:, 1] = 20.0, 35.0, 30.0
    >>> range_of(values, np.array([0, 1, 2])).of(1)
    (20.0, 35.0)
    >>> range_of(values, np.array([0])).of(1)
    """
    seen = values[rows]
    told = (np.isfinite(seen).sum(axis=0) >= FEWEST) & _OWN
    if not told.any():
        return UNKNOWN
    return Normal(
        low=np.where(told, np.fmin.reduce(seen, axis=0), np.nan),
        high=np.where(told, np.fmax.reduce(seen, axis=0), np.nan),
    )

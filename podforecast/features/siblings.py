"""How a pod compares with the other pods of its workload."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array


def group_codes(workloads: Sequence[str]) -> Index:
    """Number the workloads; pods of one workload share a number, (n_pods,).

    >>> group_codes(["shop/cart", "shop/pay", "shop/cart"])
    array([0, 1, 0])
    """
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(name, len(numbers)) for name in workloads]
    return np.array(codes, dtype=np.int64)


def group_sum(values: Array, group: Index) -> Array:
    """Sum over each pod's group, the pod included.

    >>> group_sum(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 1]))
    array([3., 3., 4.])
    """
    sums = np.bincount(group, weights=values).astype(np.float64, copy=False)
    return sums[group]


def others_sum(values: Array, group: Index) -> Array:
    """Sum over the other pods of each pod's group; NaN counts as nothing.

    >>> others_sum(np.array([1.0, 2.0, 4.0, 8.0]), np.array([0, 0, 0, 1]))
    array([6., 5., 3., 0.])
    """
    own = np.where(np.isfinite(values), values, 0.0)
    return group_sum(own, group) - own


def others_median(values: Array, group: Index) -> Array:
    """Return the median over the *other* pods of each pod's group.

    The pod itself is left out: in a workload of two it would pull the median half-way
    towards itself.

    Parameters
    ----------
    values : (n_pods,)
        One number per pod; NaN where it is unknown.
    group : (n_pods,)
        From `group_codes`.

    Returns
    -------
    (n_pods,)
        NaN for a pod whose siblings are all unknown, or that has none.

    Notes
    -----
    One sort for all groups, O(n log n). Leaving out the element of rank r moves every later
    rank down by one; nothing is sorted again.

    Examples
    --------
    >>> others_median(np.array([1.0, 2.0, 9.0, 5.0]), np.array([0, 0, 0, 1]))
    array([5.5, 5. , 1.5, nan])
    """
    known = np.isfinite(values)
    sizes = np.bincount(group[known], minlength=int(group.max(initial=-1)) + 1)
    starts = np.cumsum(sizes) - sizes
    order = np.flatnonzero(known)[np.lexsort((values[known], group[known]))]
    ordered = np.append(values[order], np.nan)
    rank = np.full(len(values), np.iinfo(np.int64).max)
    rank[order] = np.arange(len(order)) - starts[group[order]]
    others = sizes[group] - known

    def of_rank(wanted: Index) -> Array:
        place = starts[group] + wanted + (wanted >= rank)
        return ordered[np.where(others > 0, place, len(order))]

    low, high = of_rank((others - 1) // 2), of_rank(others // 2)
    return low + 0.5 * (high - low)

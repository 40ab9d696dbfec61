"""Which pods are too young for a past of their own, and borrow from their siblings."""

from __future__ import annotations

import numpy as np

from podforecast.domain.catalogue import feature_index
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import Array

_COMPARISONS = tuple(
    (feature_index(f"{name}_vs_own_past"), feature_index(f"{name}_vs_siblings"))
    for name in ("cpu", "memory")
)


def borrowed(values: Array) -> Mask:
    """Tell which rows compare a pod with its siblings only, (n_pods,).

    Before a pod has a past of two minutes besides the window, nobody can say what is usual for
    it: the anomaly score then takes what is usual for the other pods of its workload.

    Parameters
    ----------
    values
        Features in catalogue order, (n_pods, n_features).

    Examples
    --------
    >>> from podforecast.domain.catalogue import FEATURE_NAMES
    >>> rows = np.full((3, len(FEATURE_NAMES)), np.nan)
    >>> rows[:2, feature_index("memory_vs_siblings")] = 4.0
    >>> rows[0, feature_index("memory_vs_own_past")] = 1.0
    >>> borrowed(rows)  # has a past; has siblings only; has neither
    array([False,  True, False])
    """
    found = np.zeros(len(values), dtype=np.bool_)
    for past, siblings in _COMPARISONS:
        found |= np.isnan(values[:, past]) & np.isfinite(values[:, siblings])
    return found

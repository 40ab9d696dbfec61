"""The pod that others are compared with: healthy, with nothing remarkable about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.telemetry import Array

if TYPE_CHECKING:
    from podforecast.model.manifest import Manifest


def typical_values(manifest: Manifest) -> Array:
    """Features of a typical pod as the model's data had it; without that, the catalogue's.

    Returns
    -------
    ndarray of shape (n_features,)
        Without NaN.
    """
    usual = np.array([feature.default for feature in CATALOGUE], dtype=np.float64)
    if len(manifest.typical) != len(usual):
        return usual
    learned = np.array(manifest.typical, dtype=np.float64)
    return np.where(np.isnan(learned), usual, learned)


def typical_of(x: Array, y: np.ndarray) -> Array:
    """Median of the rows that announce no failure, the commonest value of a category.

    Parameters
    ----------
    x, y
        Features of shape (n, n_features), NaN where unknown, and labels of shape (n,).

    Returns
    -------
    ndarray of shape (n_features,)
        NaN for a feature that no such row knows.

    Examples
    --------
    >>> x = np.zeros((4, len(CATALOGUE)))
    >>> x[:, 0] = [10.0, 20.0, 90.0, 30.0]
    >>> float(typical_of(x, np.array([0, 0, 1, 0]))[0])
    20.0
    """
    healthy = x[y == 0]
    return np.array([_middle(healthy[:, column], column) for column in range(x.shape[1])])


def _middle(values: Array, column: int) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan")
    if CATALOGUE[column].categories:
        found, count = np.unique(known, return_counts=True)
        return float(found[count.argmax()])
    # An element of the data, so that a count stays whole.
    return float(np.quantile(known, 0.5, method="lower"))

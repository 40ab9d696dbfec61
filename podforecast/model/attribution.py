"""Make the parts of an explanation add up to the log-odds of the calibrated probability."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from podforecast.domain.explanation import Contributions, Method
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import Array

LEAST = 1e-15
"""Probabilities are kept this far from 0 and 1 before their log-odds are taken."""


def log_odds_of(probability: Array) -> Array:
    """Log-odds of probabilities, finite at 0 and 1 too.

    >>> log_odds_of(np.array([0.5])).tolist()
    [0.0]
    """
    inside = np.clip(probability, LEAST, 1.0 - LEAST)
    found: Array = np.log(inside) - np.log1p(-inside)
    return found


def compared(values: Array, typical: Array) -> tuple[Array, Mask]:
    """Return the typical pod of each row, and where the row differs from it; (n, n_features) both.

    The typical pod is unknown where the row is, so what was not measured never differs.
    """
    beside = np.where(np.isnan(values), np.nan, typical)
    return beside, (values != beside) & ~np.isnan(values)


def contributions_of(
    values: Array, explain: Callable[[Array], Array], *, method: Method, rows_at_once: int
) -> Contributions:
    """Explain rows in chunks, so that memory does not grow with them.

    Parameters
    ----------
    values
        Rows, (n, n_features).
    explain
        From some rows to their base, log-odds and parts side by side, (n, 2 + n_features).
    method
        How ``explain`` does it.
    rows_at_once
        Size of a chunk.
    """
    none = np.empty((0, 2 + values.shape[1]))
    chunks = [
        explain(values[first : first + rows_at_once])
        for first in range(0, len(values), rows_at_once)
    ]
    table = np.concatenate([none, *chunks])
    return Contributions(method=method, base=table[:, 0], log_odds=table[:, 1], parts=table[:, 2:])


def stretched(parts: Array, total: Array, differs: Mask) -> Array:
    """Stretch what raises and shrink what lowers by one factor per row, or the reverse.

    With P the sum of the parts above 0 and N that of those below, k P - N / k = total has
    exactly one positive solution k. So no part changes its sign or its rank within its sign,
    however much a calibrator squeezes or stretches in between.

    Parameters
    ----------
    parts
        Shape (n, n_features).
    total
        What each row shall add up to, shape (n,).
    differs
        Features that differ from the typical pod, (n, n_features). They share equally what
        no factor can reach: a total that has the sign of none of the parts.

    Returns
    -------
    ndarray of shape (n, n_features)

    Examples
    --------
    >>> both = np.array([[True, True]])
    >>> stretched(np.array([[3.0, -2.0]]), np.array([1.0]), both).tolist()
    [[3.0, -2.0]]
    >>> stretched(np.array([[2.0, -4.0]]), np.array([0.0]), both).round(3).tolist()
    [[2.828, -2.828]]
    """
    up, down = np.maximum(parts, 0.0), np.minimum(parts, 0.0)
    raised, lowered = up.sum(axis=1), -down.sum(axis=1)
    root = np.sqrt(total**2 + 4 * raised * lowered)
    # Two forms of one solution: each avoids the difference of two nearly equal numbers.
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(total > 0, (total + root) / (2 * raised), 2 * lowered / (root - total))
        scaled: Array = up * factor[:, None] + down / factor[:, None]
    scaled[~np.isfinite(scaled).all(axis=1)] = 0.0
    unreached = total - scaled.sum(axis=1)
    shared: Array = differs * (unreached / np.maximum(differs.sum(axis=1), 1))[:, None]
    return scaled + shared

"""When to stop, and on whose rows that is decided: on pods of the training campaigns."""

from __future__ import annotations

import math

import numpy as np

from podforecast.domain.tables import Index

VALIDATED = 0.15
"""Share of pods whose rows only tell when to stop."""
PATIENCE = 5
"""Epochs without a better loss before it stops."""


def parted(pod: Index, y: np.ndarray, *, seed: int) -> tuple[Index, Index]:
    """Deal whole pods to learning and validation; pods that fail and pods that do not apart.

    Parameters
    ----------
    pod, y
        Pod and label of each row, shape (n_rows,).

    Returns
    -------
    learn, validate : ndarray of int
        Positions of rows.
    """
    rng = np.random.default_rng(seed)
    failing = np.unique(pod[y == 1])
    chosen: list[Index] = []
    for pods in (failing, np.setdiff1d(pod, failing)):
        n_chosen = min(math.ceil(VALIDATED * len(pods)), max(len(pods) - 1, 0))
        chosen.append(rng.permutation(pods)[:n_chosen])
    held = np.isin(pod, np.concatenate(chosen))
    return np.flatnonzero(~held), np.flatnonzero(held)


class Patience:
    """Remembers the best loss.

    >>> patience = Patience(2)
    >>> [patience.improved(loss) for loss in (0.5, 0.4, 0.6, 0.41)], patience.over
    ([True, True, False, False], True)
    """

    def __init__(self, epochs: int = PATIENCE) -> None:
        self._epochs, self._best, self._since = epochs, math.inf, 0

    def improved(self, loss: float) -> bool:
        """Note the loss of one more epoch."""
        better = loss < self._best
        self._best, self._since = (loss, 0) if better else (self._best, self._since + 1)
        return better

    @property
    def over(self) -> bool:
        """Whether it was not better for long enough."""
        return self._since >= self._epochs

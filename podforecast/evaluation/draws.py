"""The rounds of a bootstrap, drawn once per set of rows and shared by everything measured on it.

Sharing is what makes differences paired: in each round the model and a baseline are measured
on the very same pods.
"""

from __future__ import annotations

import numpy as np

from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.model.resampling import Interval, block_weights, interval


class PodDraws:
    """How often each pod of some rows is drawn in each round.

    Parameters
    ----------
    dataset
        The rows that are judged. Pods without a row among them are not drawn.
    rounds
        500 leave the bounds of an interval uncertain by about a tenth of its width.
    """

    def __init__(self, dataset: Dataset, *, rounds: int, rng: np.random.Generator) -> None:
        self.pods: Index
        self.row_pod: Index
        """Position in ``pods`` of each row's pod, shape (n_rows,)."""
        self.pods, self.row_pod = np.unique(dataset.pod, return_inverse=True)
        even = np.arange(len(self.pods))
        self.counts: Array = np.array(list(block_weights(even, rounds=rounds, rng=rng)))
        """Shape (rounds, n_pods)."""

    def __len__(self) -> int:
        return len(self.counts)

    def per_pod(self, pod: Index, amount: Array | None = None) -> Array:
        """Sum up entries (rows, failures) of each pod, shape (n_pods,).

        Parameters
        ----------
        pod
            Pod of each entry, as an index into the dataset's pods. All must have rows.
        amount
            What each entry counts; 1 if left out.
        """
        amount = np.ones(len(pod)) if amount is None else amount
        which = np.searchsorted(self.pods, pod)
        return np.bincount(which, amount, minlength=len(self.pods)).astype(np.float64)

    def of_ratio(self, part: Array, whole: Array, *, scale: float = 1.0) -> Sampled:
        """Measure ``scale`` x sum of ``part`` / sum of ``whole``, both per pod, shape (n_pods,)."""
        return Sampled(
            float(scale * _ratio(part.sum(), whole.sum())),
            scale * _ratio(self.counts @ part, self.counts @ whole),
        )


class Sampled:
    """A figure with what the rounds of a bootstrap made of it; differences stay paired.

    Examples
    --------
    >>> a, b = Sampled(0.9, np.array([0.8, 1.0])), Sampled(0.5, np.array([0.4, 0.6]))
    >>> (a - b).interval().low
    0.4
    """

    def __init__(self, value: float, resampled: Array) -> None:
        self.value = value
        self.resampled = resampled

    def __sub__(self, other: Sampled) -> Sampled:
        return Sampled(self.value - other.value, self.resampled - other.resampled)

    def interval(self) -> Interval:
        """95 % percentile interval."""
        return interval(self.value, self.resampled)


def _ratio(part: np.ndarray, whole: np.ndarray) -> Array:
    """Divide; nothing of nothing is NaN."""
    part, whole = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    ratio: Array = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio

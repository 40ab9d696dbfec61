"""Calibration of distributions: one slope for all log shares, and one shift per class.

Vector scaling (Guo et al. 2017) with a common slope: few numbers, learned on rows out of fold. It
also takes out again what weighing rare classes more has put in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from podforecast.domain.telemetry import Array

LEAST = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """From raw shares to calibrated ones; the identity unless it is told otherwise."""

    slope: float
    shift: Array
    """(n_classes,)."""

    @classmethod
    def none(cls, n_classes: int) -> Self:
        """Leave everything as it is."""
        return cls(1.0, np.zeros(n_classes))

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Read what :meth:`arrays` wrote."""
        shift = np.asarray(arrays["shift"], dtype=np.float64)
        slope = float(arrays["slope"])
        if shift.ndim != 1 or not np.isfinite(shift).all() or not np.isfinite(slope):
            raise ValueError(f"a scaling of shape {shift.shape} with slope {slope}")
        return cls(slope, shift)

    def arrays(self) -> dict[str, np.ndarray]:
        """Write it as plain arrays."""
        return {"slope": np.array(self.slope), "shift": self.shift}

    def __call__(self, shares: Array) -> Array:
        """Calibrate shares of shape (n, n_classes)."""
        return softmax(self.slope * np.log(np.maximum(shares, LEAST)) + self.shift)


def softmax(margins: Array) -> Array:
    """Shares that are proportional to the exponentials, (n, n_classes)."""
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares

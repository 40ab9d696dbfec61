"""A fitted calibrator as plain numbers: from the log-odds of a score to a probability.

The calibrators of :mod:`podforecast.model.calibration` learn; this applies what they learned,
without scikit-learn or SciPy.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from podforecast.domain.telemetry import Array
from podforecast.model.attribution import log_odds_of

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCurve:
    """A line in log-odds, mixed with a staircase where there is one.

    The probability is ``share * steps + (1 - share) * sigmoid(slope * odds + intercept)``.
    """

    slope: float
    intercept: float
    odds_limit: float
    """Log-odds are clipped to [-odds_limit, odds_limit] first."""
    share: float = 0.0
    """Of the staircase, 0 where there is none."""
    step_odds: tuple[float, ...] = ()
    """Rising; between them is a straight line, outside of them the nearest value."""
    step_probability: tuple[float, ...] = ()

    @classmethod
    def of(cls, arrays: Arrays) -> CalibrationCurve:
        """Read what :meth:`arrays` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it did not.
        """
        line = {name: float(arrays[name]) for name in ("slope", "intercept", "odds_limit", "share")}
        steps = [arrays[name] for name in ("step_odds", "step_probability")]
        if steps[0].ndim != 1 or steps[0].shape != steps[1].shape:
            raise ValueError(f"steps of shapes {steps[0].shape} and {steps[1].shape}")
        if not all(np.isfinite([*line.values(), *steps[0], *steps[1]])):
            raise ValueError("a calibration that is not finite")
        if (line["share"] > 0) != bool(len(steps[0])):
            raise ValueError(f"a share of {line['share']} of {len(steps[0])} steps")
        step_odds, step_probability = (tuple(step.tolist()) for step in steps)
        return cls(**line, step_odds=step_odds, step_probability=step_probability)

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, for a file."""
        names = ("slope", "intercept", "odds_limit", "share", "step_odds", "step_probability")
        return {name: np.array(getattr(self, name), dtype=np.float64) for name in names}

    def probability(self, odds: Array) -> Array:
        """Calibrated probability of log-odds, both of shape (n,).

        >>> line = CalibrationCurve(slope=1.0, intercept=0.0, odds_limit=16.0)
        >>> line.probability(np.array([0.0, -800.0])).round(9).tolist()
        [0.5, 1.13e-07]
        """
        inside = np.clip(odds, -self.odds_limit, self.odds_limit)
        probability: Array = _sigmoid(self.slope * inside + self.intercept)
        if self.share:
            steps = np.interp(inside, self.step_odds, self.step_probability)
            probability = self.share * steps + (1.0 - self.share) * probability
        return probability

    def probability_of_one(self, odds: float) -> float:
        """Calibrated probability of one, without the cost of an array."""
        inside = min(max(odds, -self.odds_limit), self.odds_limit)
        margin = self.slope * inside + self.intercept
        tail = math.exp(-abs(margin))
        probability = 1.0 / (1.0 + tail) if margin >= 0 else tail / (1.0 + tail)
        if not self.share:
            return probability
        return self.share * self._step(inside) + (1.0 - self.share) * probability

    def log_odds(self, odds: Array) -> Array:
        """Log-odds of the calibrated probability, (n,)."""
        if self.share:
            return log_odds_of(self.probability(odds))
        return self.slope * np.clip(odds, -self.odds_limit, self.odds_limit) + self.intercept

    def _step(self, odds: float) -> float:
        above = bisect_right(self.step_odds, odds)
        if above in (0, len(self.step_odds)):
            return self.step_probability[min(above, len(self.step_odds) - 1)]
        (x0, x1), (y0, y1) = (
            self.step_odds[above - 1 : above + 1],
            self.step_probability[above - 1 : above + 1],
        )
        return y0 + (y1 - y0) / (x1 - x0) * (odds - x0)


def _sigmoid(margin: Array) -> Array:
    tail = np.exp(-np.abs(margin))
    return np.where(margin >= 0, 1.0, tail) / (1.0 + tail)

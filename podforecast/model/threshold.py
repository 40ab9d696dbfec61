"""From the false alarms an operator accepts to the threshold that keeps to them.

The threshold is chosen on scores of rows that the scoring model has not seen (out of fold)
and never on the rows that are evaluated with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from podforecast.domain.tables import Dataset
from podforecast.domain.telemetry import HORIZON, Array
from podforecast.errors import ConfigurationError
from podforecast.model import alarms

PER_1000_PODS_PER_DAY = 240.0
"""One false alarm per 100 pod-hours in the unit operators use: 1 000 pods x 24 h / 100."""
RESOLVABLE_FROM = 5
"""Below this many allowed false alarms their rate is known to +-50 % at best (Poisson)."""


@dataclass(frozen=True, slots=True, order=True)
class AlertBudget:
    """False alarms an operator accepts.

    >>> AlertBudget(5.0).per_1000_pods_per_day
    1200.0
    >>> AlertBudget.from_per_1000_pods_per_day(240).per_100_pod_hours
    1.0

    Raises
    ------
    ConfigurationError
        If it is not a positive number: no false alarm at all means no alarm at all.
    """

    per_100_pod_hours: float

    def __post_init__(self) -> None:
        if not 0 < self.per_100_pod_hours < float("inf"):
            raise ConfigurationError(
                f"an alert budget of {self.per_100_pod_hours:g} false alarms leaves no threshold",
                hint="State a positive number, 1200 per 1 000 pods and day for example.",
            )

    @classmethod
    def from_per_1000_pods_per_day(cls, count: float) -> AlertBudget:
        """Read the operator's unit."""
        return cls(count / PER_1000_PODS_PER_DAY)

    @property
    def per_1000_pods_per_day(self) -> float:
        """The same budget in the operator's unit."""
        return self.per_100_pod_hours * PER_1000_PODS_PER_DAY

    def allowed(self, pod_hours: float) -> float:
        """How many false alarms it allows in so many pod-hours."""
        return self.per_100_pod_hours * pod_hours / 100.0


REPORTED_BUDGETS = (AlertBudget(1.0), AlertBudget(5.0), AlertBudget(20.0))
DEFAULT_BUDGET = AlertBudget(5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold, with what it did on the rows it was chosen on."""

    budget: AlertBudget
    threshold: float
    allowed: float
    """False alarms the budget allowed on those rows."""
    false_alarms: int
    recall: float
    """Share of failures caught there; an optimistic figure, for orientation only."""
    lead_minutes_median: float

    @property
    def resolvable(self) -> bool:
        """Whether the rows are enough to tell this budget from half or twice of it."""
        return self.allowed >= RESOLVABLE_FROM


def choose(
    dataset: Dataset, score: Array, budget: AlertBudget, *, horizon: timedelta = HORIZON
) -> OperatingPoint:
    """Lower the threshold as far as the budget allows.

    Parameters
    ----------
    score
        Out-of-fold scores of any scale, larger means riskier, shape (n_rows,).

    Notes
    -----
    The number of false alarms falls with the threshold except for ripples (a notification
    that starts later may end later), so a bisection over the distinct scores finds a place
    where the budget is met and the next lower score breaks it. The threshold lies halfway
    between these two. If even the highest score breaks the budget, it lies just above it.
    """
    allowed = budget.allowed(dataset.pod_hours)
    levels = np.unique(score[~np.isnan(score)])
    too_low, good = -1, len(levels)
    while good - too_low > 1:
        middle = (good + too_low) // 2
        if false_alarms(dataset, score, levels[middle], horizon=horizon) <= allowed:
            good = middle
        else:
            too_low = middle
    threshold = _between(levels, too_low)
    seen = alarms.report(dataset, score, threshold, horizon=horizon)
    return OperatingPoint(
        budget=budget,
        threshold=threshold,
        allowed=allowed,
        false_alarms=seen.false_alarms,
        recall=seen.subsets["all"].recall,
        lead_minutes_median=seen.subsets["all"].lead_minutes_median,
    )


def false_alarms(
    dataset: Dataset, score: Array, threshold: float, *, horizon: timedelta = HORIZON
) -> int:
    """Notifications that no failure follows within the horizon."""
    rows = alarms.notified(dataset, score, threshold, horizon=horizon)
    return int(np.sum(rows & (dataset.y == 0)))


def _between(levels: Array, too_low: int) -> float:
    """Return a threshold that lets every level above index ``too_low`` pass, and no other."""
    if too_low < 0:
        return float(levels[0])
    if too_low == len(levels) - 1:
        return float(np.nextafter(levels[-1], np.inf))
    middle = (levels[too_low] + levels[too_low + 1]) / 2
    return float(max(middle, np.nextafter(levels[too_low], np.inf)))

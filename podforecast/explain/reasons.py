"""The few features that decided a forecast, each in one sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.explanation import Contributions, Method
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.normal import UNKNOWN, Normal
from podforecast.explain.phrases import PHRASES, Family
from podforecast.explain.promql import LOOKED, promql
from podforecast.explain.sentences import sentence
from podforecast.telemetry.prometheus.queries import EVERYTHING, Scope

Compared = Literal["siblings", "healthy pods"]

MOST_REASONS = 5
MOST_OF_A_SUBJECT = 2
"""Features of a subject say nearly the same: the second is named only where there is room."""
SPOKEN_OF_AS: Mapping[Family, Family] = {
    Family.THROTTLING: Family.CPU,
    Family.TRAFFIC: Family.LATENCY,
    Family.SCRAPES: Family.PROBES,
}
"""Families that are one subject to a reader: throttled is short of CPU, requests pile up where
answers are slow, and a scrape is a probe that nobody restarts a pod for."""
NEGLIGIBLE = 0.05
"""Log-odds that move a probability by 1.25 percentage points at most (a quarter of them, where it
is 0.5): too little to tell anybody at night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One feature's part in the forecast."""

    feature: str
    value: float | str | None
    """In the unit of the catalogue, or a category; None where it was not measured."""
    unit: str
    window: str
    """What it looks back on, in words."""
    typical_low: float | None
    typical_high: float | None
    typical_of: Compared | None
    """Whom the range is of: the workload's other pods now, or healthy pods in general."""
    contribution: float
    """Log-odds, above 0 where it raises the probability."""
    direction: Literal["raises", "lowers"]
    sentence: str
    promql: str | None
    """Query that gives the value; None where no single signal does, or the pod is not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Base, the contributions of all reasons and ``other`` add up to ``log_odds``."""

    method: Method
    base_log_odds: float
    log_odds: float
    reasons: tuple[Reason, ...]
    """One of each subject, the subject that adds or takes away most first: trees share what one
    measurement says among its near-copies. Then seconds of them, where there is room."""
    other: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where a pod is, for reasons that can be checked."""

    pod: PodAddress | None = None
    """None asks for no queries."""
    normal: Normal = UNKNOWN
    """What its siblings measure."""
    scope: Scope = EVERYTHING
    """Label matchers and rate window of its cluster."""

    def query(self, feature: str) -> str | None:
        """Write the query of a feature; None where there is none, or the pod is not named."""
        return None if self.pod is None else promql(feature, self.pod, scope=self.scope)


NOWHERE = Setting()


def explain(
    row: Array, contributions: Contributions, *, index: int = 0, setting: Setting = NOWHERE
) -> Explanation:
    """Choose what is worth saying about one forecast.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    contributions
        Of a table of rows, of which ``row`` is the one at ``index``.
    setting
        Name and siblings of the pod.
    """
    parts = contributions.parts[index]
    base, log_odds = float(contributions.base[index]), float(contributions.log_odds[index])
    reasons = tuple(
        _reason(column, float(row[column]), float(parts[column]), setting)
        for column in _chosen(row, parts)
    )
    return Explanation(
        method=contributions.method,
        base_log_odds=base,
        log_odds=log_odds,
        reasons=reasons,
        other=log_odds - base - sum(reason.contribution for reason in reasons),
    )


def _chosen(row: Array, parts: Array) -> list[int]:
    """Columns to speak of: the largest of each subject, weightiest subject first.

    A second of a subject is named behind them, where there is room.
    """
    subjects: dict[Family | None, list[int]] = {}
    for column in np.flatnonzero(np.abs(parts) >= NEGLIGIBLE).tolist():
        # All that is unknown is one subject: its members share their only message.
        known = not math.isnan(row[column])
        subject = _subject(column) if known else None
        subjects.setdefault(subject, []).append(column)
    weighed = [_weighed(columns, parts) for columns in subjects.values()]
    weighed.sort(key=lambda found: -found[0])
    firsts = [columns[0] for _, columns in weighed]
    seconds = [
        column
        for _, columns in weighed
        for column in columns[1:MOST_OF_A_SUBJECT]
        if not math.isnan(row[column])
    ]
    return [*firsts, *seconds][:MOST_REASONS]


def _weighed(columns: list[int], parts: Array) -> tuple[float, list[int]]:
    """What a subject adds or takes away, whichever is more, and what does so, largest first."""
    up = [column for column in columns if parts[column] > 0]
    down = [column for column in columns if parts[column] < 0]
    weights = [float(np.abs(parts[side]).sum()) for side in (up, down)]
    heavier, lighter = (up, down) if weights[0] >= weights[1] else (down, up)
    sides = (sorted(side, key=lambda column: -abs(parts[column])) for side in (heavier, lighter))
    return max(weights), [column for side in sides for column in side]


def _subject(column: int) -> Family:
    family = PHRASES[CATALOGUE[column].name].family
    return SPOKEN_OF_AS.get(family, family)


def _reason(column: int, value: float, contribution: float, setting: Setting) -> Reason:
    feature, siblings = CATALOGUE[column], setting.normal.of(column)
    low, high = siblings or feature.usual or (None, None)
    return Reason(
        feature=feature.name,
        value=_shown(column, value),
        unit=feature.unit,
        window=LOOKED[feature.name].window,
        typical_low=low,
        typical_high=high,
        typical_of="siblings" if siblings else "healthy pods" if feature.usual else None,
        contribution=contribution,
        direction="raises" if contribution > 0 else "lowers",
        sentence=sentence(feature, value, siblings=siblings),
        promql=setting.query(feature.name),
    )


def _shown(column: int, value: float) -> float | str | None:
    if math.isnan(value):
        return None
    categories = CATALOGUE[column].categories
    return categories[int(value)] if categories else value

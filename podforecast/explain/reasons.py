"""The few features that decided a forecast, each in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.explanation import Contributions, Method
from podforecast.domain.telemetry import Array
from podforecast.explain.phrases import PHRASES, Family
from podforecast.explain.sentences import sentence

MOST_REASONS = 5
MOST_OF_A_FAMILY = 2
"""Features of a family say nearly the same: the second is named only where there is room."""
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
    typical_low: float | None
    typical_high: float | None
    contribution: float
    """Log-odds, above 0 where it raises the probability."""
    direction: Literal["raises", "lowers"]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Base, the contributions of all reasons and ``other`` add up to ``log_odds``."""

    method: Method
    base_log_odds: float
    log_odds: float
    reasons: tuple[Reason, ...]
    """Largest first."""
    other: float


def explain(row: Array, contributions: Contributions, *, index: int = 0) -> Explanation:
    """Choose what is worth saying about one forecast.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    contributions
        Of a table of rows, of which ``row`` is the one at ``index``.
    """
    parts = contributions.parts[index]
    base, log_odds = float(contributions.base[index]), float(contributions.log_odds[index])
    reasons = tuple(
        _reason(column, float(row[column]), float(parts[column])) for column in _chosen(row, parts)
    )
    return Explanation(
        method=contributions.method,
        base_log_odds=base,
        log_odds=log_odds,
        reasons=reasons,
        other=log_odds - base - sum(reason.contribution for reason in reasons),
    )


def _chosen(row: Array, parts: Array) -> list[int]:
    """Columns of the largest contributions: one of each family, a second where there is room."""
    ranks: dict[Family | None, int] = {}
    ranked = []
    for place, column in enumerate(_by_size(parts)):
        # All that is unknown is one family: its members share their only message.
        family = None if math.isnan(row[column]) else PHRASES[CATALOGUE[column].name].family
        rank = ranks[family] = ranks.get(family, 0) + 1
        if rank <= (1 if family is None else MOST_OF_A_FAMILY):
            ranked.append((rank, place, column))
    first = sorted(ranked)[:MOST_REASONS]
    return [column for _, column in sorted((place, column) for _, place, column in first)]


def _by_size(parts: Array) -> Iterator[int]:
    """Columns that are not negligible, largest first; in catalogue order where equal."""
    for column in np.argsort(-np.abs(parts), kind="stable"):
        if abs(parts[column]) >= NEGLIGIBLE:
            yield int(column)


def _reason(column: int, value: float, contribution: float) -> Reason:
    feature = CATALOGUE[column]
    low, high = feature.usual or (None, None)
    return Reason(
        feature=feature.name,
        value=_shown(column, value),
        unit=feature.unit,
        typical_low=low,
        typical_high=high,
        contribution=contribution,
        direction="raises" if contribution > 0 else "lowers",
        sentence=sentence(feature, value),
    )


def _shown(column: int, value: float) -> float | str | None:
    if math.isnan(value):
        return None
    categories = CATALOGUE[column].categories
    return categories[int(value)] if categories else value

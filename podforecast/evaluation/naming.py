"""Whether explanations name the cause: held against failures whose injected cause is known.

Each failure is explained at the latest moment at which its pod was at risk within the horizon
before it; where it never was, at the last moment that has a forecast. A cause is named if one
of the first three reasons raises the risk and is about a signal of the cause's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.tables import Dataset, Index, Mask
from podforecast.domain.telemetry import Array
from podforecast.evaluation.draws import PodDraws
from podforecast.evaluation.figures import Named, Naming
from podforecast.evaluation.own_signals import OWN_SIGNALS, is_own
from podforecast.explain.reasons import Explanation, explain
from podforecast.model.scorer import Scorer

FIRST_REASONS = 3
"""So many fit into an alert, and into the head of whoever is woken by it."""

Clock = Callable[[], float]
"""Seconds of a clock that never goes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was said about some failures, one entry for each."""

    failure: Index
    """Into the failures of the data set."""
    announced: Mask
    """Whether the pod was at risk within the horizon before it."""
    named: Mask
    """Whether the first reasons name the cause."""
    at_once: Mask
    """Whether the very first one does."""
    seconds: float
    """Mean time of an explanation, each asked for alone."""


def told(dataset: Dataset, scorer: Scorer, *, clock: Clock) -> Told:
    """Explain every failure whose injected cause is known and which a row announces."""
    at_risk = scorer.score(dataset.x) >= scorer.threshold
    failures, rows = _moments(dataset, at_risk)
    known = np.array([dataset.failures[f].fault_kind in OWN_SIGNALS for f in failures], np.bool_)
    failures, rows = failures[known], rows[known]
    began = clock()
    explanations = [_explained(scorer, dataset.x[row]) for row in rows]
    spent = clock() - began
    kinds = [dataset.failures[failure].fault_kind for failure in failures]

    def by(most: int) -> Mask:
        told = zip(explanations, kinds, strict=True)
        return np.array([names(each, kind, most=most) for each, kind in told], dtype=np.bool_)

    return Told(
        failure=failures,
        announced=at_risk[rows],
        named=by(FIRST_REASONS),
        at_once=by(1),
        seconds=spent / len(rows) if len(rows) else float("nan"),
    )


def names(explanation: Explanation, fault_kind: str, *, most: int = FIRST_REASONS) -> bool:
    """Whether one of the first reasons raises the risk by a signal of the cause's own."""
    return any(
        reason.direction == "raises" and is_own(reason.feature, fault_kind)
        for reason in explanation.reasons[:most]
    )


def measured(dataset: Dataset, found: Told, draws: PodDraws) -> Naming:
    """Count, and resample whole pods."""
    failures = [dataset.failures[index] for index in found.failure]
    kinds = np.array([failure.fault_kind for failure in failures], dtype=np.str_)
    gradual = np.array([failure.precursor for failure in failures], dtype=np.bool_)
    nameable = np.array([bool(OWN_SIGNALS[str(kind)]) for kind in kinds], dtype=np.bool_)
    pod = dataset.failure_pod[found.failure]

    def share(chosen: Mask, named: Mask = found.named) -> Named:
        part = draws.per_pod(pod[chosen], named[chosen].astype(np.float64))
        whole = draws.per_pod(pod[chosen])
        return Named(
            failures=int(chosen.sum()),
            named=int(named[chosen].sum()),
            share=draws.of_ratio(part, whole).interval(),
        )

    return Naming(
        announced=share(found.announced & gradual),
        with_precursor=share(gradual),
        by_first=share(gradual, found.at_once),
        fixed_share=best_fixed(kinds[gradual].tolist(), FIRST_REASONS),
        fixed_first=best_fixed(kinds[gradual].tolist(), 1),
        sudden=share(~gradual & nameable),
        without_own_signal=int((~nameable).sum()),
        by_fault=_by_fault(kinds[nameable], share, kinds),
        first_reasons=FIRST_REASONS,
        milliseconds=1000.0 * found.seconds,
    )


def best_fixed(kinds: Sequence[str], most: int) -> float:
    """Share of causes that the best list of so many features names, the same list for all.

    >>> best_fixed(["leak_linear", "leak_linear", "cpu_ramp", "crash"], 1)
    0.5
    """
    if not kinds:
        return float("nan")
    columns = {tuple(is_own(f, kind) for kind in kinds) for f in FEATURE_NAMES}
    lists = combinations(sorted(columns), min(most, len(columns)))
    return max(float(np.any(chosen, axis=0).mean()) for chosen in lists)


def _by_fault(
    occurring: np.ndarray, share: Callable[[Mask], Named], kinds: np.ndarray
) -> Mapping[str, Named]:
    return {str(kind): share(kinds == kind) for kind in np.unique(occurring)}


def _explained(scorer: Scorer, row: Array) -> Explanation:
    values = row.astype(np.float64)
    return explain(values, scorer.contributions(values[None]))


def _moments(dataset: Dataset, at_risk: Mask) -> tuple[Index, Index]:
    """Each failure that a row announces, and the row it is explained at."""
    announcing = np.flatnonzero(dataset.failure >= 0)
    keys = (dataset.time[announcing], at_risk[announcing], dataset.failure[announcing])
    ordered = announcing[np.lexsort(keys)]
    failures = dataset.failure[ordered]
    lasts = np.append(np.flatnonzero(np.diff(failures)), len(failures) - 1)
    return failures[lasts], ordered[lasts]

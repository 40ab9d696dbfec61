"""Why the riskiest pods of a scan are at risk, and what to do: worked out once, for all readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from podforecast.domain.forecast import MEDIUM_FROM, risk_level
from podforecast.domain.memory import MemorySize
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import FeatureTable
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.normal import normals_of
from podforecast.explain.reasons import Explanation, Setting, explain
from podforecast.explain.remedies import Case, Remedy, remedies
from podforecast.model.scorer import Scorer

MOST_EXPLAINED = 50
"""Each takes milliseconds; with more pods at risk, the trouble is none that one pod can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why a pod is at risk, and what to do about it."""

    explanation: Explanation
    remedies: tuple[Remedy, ...]
    memory: MemorySize | None = None
    """The one that remedies were told of."""


Sizes = Callable[[Sequence[PodRef]], Mapping[PodRef, MemorySize]]
"""Asks for the memory of some pods; those whose is not known are left out."""


def unknown(pods: Sequence[PodRef]) -> Mapping[PodRef, MemorySize]:  # noqa: ARG001 - of ``Sizes``
    """Know nobody's memory."""
    return {}


def watch_threshold(threshold: float) -> float:
    """Return where a risk begins to be medium, or the model's own threshold where that is lower.

    >>> watch_threshold(0.3), watch_threshold(0.05)
    (0.1, 0.05)
    """
    return min(MEDIUM_FROM, threshold)


def explained(
    table: FeatureTable,
    probability: Array,
    model: Scorer,
    *,
    sizes: Sizes = unknown,
    selector: str = "",
    most: int = MOST_EXPLAINED,
) -> Mapping[PodRef, Explained]:
    """Explain the riskiest pods above the watch threshold, riskiest first.

    Parameters
    ----------
    table
        What was scored.
    probability
        Of each row, NaN where there is none, (n_pods,).
    sizes
        Asked about those that are explained.
    selector
        For the queries of reasons.
    most
        How many at most.
    """
    watched = np.flatnonzero(probability >= watch_threshold(model.threshold))
    riskiest = watched[np.argsort(-probability[watched], kind="stable")][:most]
    if not len(riskiest):
        return {}
    values = table.values[riskiest]
    contributions = model.contributions(values)
    memory = sizes([table.pods[row] for row in riskiest])
    normals = normals_of(riskiest.tolist(), table.values, table.workloads)
    found = {}
    for place, row in enumerate(riskiest):
        pod = table.pods[row]
        case = Case(
            row=values[place],
            parts=contributions.parts[place],
            pod=PodAddress(namespace=pod.namespace, name=pod.name),
            level=risk_level(float(probability[row]), model.threshold),
            memory=memory.get(pod),
        )
        found[pod] = Explained(
            explanation=explain(
                values[place],
                contributions,
                index=place,
                setting=Setting(pod=case.pod, normal=normals[place], selector=selector),
            ),
            remedies=remedies(case, model.score),
            memory=case.memory,
        )
    return found

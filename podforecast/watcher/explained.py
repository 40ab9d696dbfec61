"""Why the riskiest pods of a scan are at risk, and what to do: worked out once, for all readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from podforecast.domain.forecast import MEDIUM_FROM
from podforecast.domain.memory import MemorySize
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import FeatureTable
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.explained import Asked, Explained, explain_pods
from podforecast.explain.normal import normals_of
from podforecast.model.scorer import Scorer
from podforecast.telemetry.prometheus.queries import EVERYTHING, Scope

MOST_EXPLAINED = 50
"""Each takes milliseconds; with more pods at risk, the trouble is none that one pod can tell."""


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
    scope: Scope = EVERYTHING,
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
    scope
        Of the queries of reasons.
    most
        How many at most.
    """
    watched = np.flatnonzero(probability >= watch_threshold(model.threshold))
    riskiest = watched[np.argsort(-probability[watched], kind="stable")][:most]
    if not len(riskiest):
        return {}
    pods = [table.pods[row] for row in riskiest]
    memory = sizes(pods)
    normals = normals_of(riskiest.tolist(), table.values, table.workloads)
    asked = [
        Asked(
            row=table.values[row],
            probability=float(probability[row]),
            pod=PodAddress(namespace=pod.namespace, name=pod.name),
            normal=normal,
            memory=memory.get(pod),
        )
        for row, pod, normal in zip(riskiest, pods, normals, strict=True)
    ]
    return dict(zip(pods, explain_pods(asked, model, scope=scope), strict=True))

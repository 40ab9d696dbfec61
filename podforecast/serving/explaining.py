"""Explanation and remedies of a forecast, as answers."""

from __future__ import annotations

import math
from typing import Any

from podforecast.api_schema.explanation import ExplanationOut, RecommendationOut
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.explained import Asked, Explained, explain_pods
from podforecast.explain.normal import normal_of
from podforecast.model.scorer import Scorer
from podforecast.watcher.snapshot import Snapshot


def explain(scorer: Scorer, row: Array, probability: float, pod: PodAddress) -> dict[str, Any]:
    """Say why the forecast of a pod that nobody watches is what it is, and what to do.

    Takes milliseconds: not for an event loop.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    probability
        What the model said of it.
    pod
        For the commands among the recommendations.
    """
    (found,) = explain_pods([Asked(row=row, probability=probability, pod=pod)], scorer)
    return _told(found)


def explain_row(snapshot: Snapshot, row: int) -> dict[str, Any]:
    """Say it of a pod of the latest scan, which has worked it out for the riskiest."""
    probability = float(snapshot.present.probability[row])
    if math.isnan(probability):
        return {"explanation": None, "recommendations": []}
    pod = snapshot.present.index.pods[row]
    if pod in snapshot.explained:
        return _told(snapshot.explained[pod])
    asked = Asked(
        row=snapshot.features[row],
        probability=probability,
        pod=PodAddress(namespace=pod.namespace, name=pod.name),
        normal=normal_of(row, snapshot.features, snapshot.present.index.workloads),
    )
    return _told(*explain_pods([asked], snapshot.model, scope=snapshot.scope))


def _told(found: Explained) -> dict[str, Any]:
    return {
        "explanation": ExplanationOut.model_validate(found.explanation).model_dump(),
        "recommendations": [
            RecommendationOut.model_validate(remedy).model_dump() for remedy in found.remedies
        ],
    }

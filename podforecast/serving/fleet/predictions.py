"""``GET /prediction``: the pods of a scan that somebody should look at."""

from __future__ import annotations

from typing import Any

from podforecast.domain.forecast import predict, risk_level
from podforecast.serving.fleet.query import PredictionQuery
from podforecast.serving.fleet.rows import FleetRows, last_failure
from podforecast.watcher.explained import Explained, watch_threshold


def predictions(rows: FleetRows, query: PredictionQuery) -> tuple[int, list[dict[str, Any]]]:
    """Return how many pods are failing or above the watch threshold, and the first of them."""
    least = watch_threshold(rows.snapshot.model.threshold)
    worth = [
        row
        for row in rows.by_risk
        if (rows.states[row] == "failing" or rows.probability[row] >= least)
        and (not query.namespace or rows.pods[row].namespace in query.namespace)
    ]
    return len(worth), [_described(rows, row) for row in worth[: query.limit]]


def _described(rows: FleetRows, row: int) -> dict[str, Any]:
    snapshot, pod = rows.snapshot, rows.pods[row]
    found = snapshot.explained.get(pod)
    return {
        "namespace": pod.namespace,
        "pod": pod.name,
        "workload": rows.workloads[row],
        "state": rows.states[row],
        **judged(rows, row),
        "reasons": [] if found is None else raising(found),
        "recommendation": None if found is None else found.remedies[0],
        "last_failure": last_failure(snapshot.failures.get(pod, ())),
        "muted": pod in snapshot.muted,
    }


def judged(rows: FleetRows, row: int) -> dict[str, Any]:
    """Probability of a pod and what it means; null for one that is failing already."""
    probability, threshold = rows.probability[row], rows.snapshot.model.threshold
    if rows.states[row] == "failing":
        return {"failure_probability": None, "prediction": None, "risk_level": None}
    return {
        "failure_probability": probability,
        "prediction": predict(probability, threshold),
        "risk_level": risk_level(probability, threshold),
    }


def raising(found: Explained) -> list[str]:
    """Sentences on what raises the probability, the weightiest first."""
    return [each.sentence for each in found.explanation.reasons if each.direction == "raises"]

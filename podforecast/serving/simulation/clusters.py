"""What the model says about simulated clusters, part by part so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np

from podforecast.api_schema.simulate import ClusterState
from podforecast.domain.forecast import HIGH_FROM
from podforecast.domain.issues import IssueType
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import FeatureTable, Index
from podforecast.domain.telemetry import Array
from podforecast.explain.explained import Explained
from podforecast.explain.rules import NOTHING_TO_DO
from podforecast.features.build import build
from podforecast.model.scorer import Scorer
from podforecast.serving.simulation.issues import issue_of
from podforecast.serving.simulation.metrics import metrics_of
from podforecast.serving.simulation.truth import truth_of
from podforecast.telemetry.simulator.fleet import SimulatedFleet, simulate
from podforecast.watcher.explained import explained
from podforecast.watcher.memory_sizes import sizes_of
from podforecast.watcher.scan import Scan, only, scan

CLUSTERS_AT_ONCE = 250
"""Half an hour of 1500 pods takes 45 MB, and as much again while it is put together."""
QUIET: Mapping[str, Any] = {
    "title": NOTHING_TO_DO.title,
    "description": " ".join(NOTHING_TO_DO.description),
    "actions": NOTHING_TO_DO.actions,
}


def clusters(count: int, *, seed: int, model: Scorer, at: datetime) -> Iterator[dict[str, Any]]:
    """Yield each cluster as in :class:`~podforecast.api_schema.simulate.ClusterOut`.

    Takes about a second for a thousand: not for an event loop.

    Parameters
    ----------
    count
        How many, 1 to 1000.
    seed
        Of the simulation.
    at
        Newest sample; aware, UTC.
    """
    for first in range(0, count, CLUSTERS_AT_ONCE):
        numbers = range(first, min(first + CLUSTERS_AT_ONCE, count))
        yield from _Part(simulate(clusters=numbers, end=at, seed=seed), model, at).described()


class _Part:
    """Some of the clusters, scored."""

    def __init__(self, fleet: SimulatedFleet, model: Scorer, at: datetime) -> None:
        self._fleet, self._at = fleet, at
        self._table: FeatureTable = build(fleet.block)
        self._scan: Scan = scan(self._table, model)
        # A failing pod has no probability, and needs help most.
        self._urgency = np.where(self._scan.failing, 1.0, self._scan.probability)
        self._leading = leading(fleet.cluster, self._urgency)
        chosen = np.zeros(len(self._urgency), dtype=np.bool_)
        chosen[self._leading] = True
        self._why: Mapping[PodRef, Explained] = explained(
            only(self._table, chosen), self._urgency[chosen], model,
            sizes=partial(sizes_of, fleet.block), most=len(self._leading),
        )  # fmt: skip
        self._issues = model.targets.issue_type

    def described(self) -> Iterator[dict[str, Any]]:
        metrics, truth = metrics_of(self._fleet, self._table), truth_of(self._fleet)
        together = any_of_them(self._fleet.cluster, self._urgency)
        at_risk = np.bincount(self._fleet.cluster, self._scan.at_risk).astype(int)
        failing = np.bincount(self._fleet.cluster, self._scan.failing).astype(int)
        states = [_state(*each) for each in zip(failing, at_risk, together, strict=True)]
        for number, row in enumerate(self._leading.tolist()):
            pod = self._table.pods[row]
            yield {
                "timestamp": self._at,
                "cluster_id": pod.namespace,
                "prediction": {
                    "will_have_issue": bool(at_risk[number] or failing[number]),
                    "issue_probability": float(together[number]),
                    "issue_type": self._issue(row, state=states[number]),
                    "state": states[number],
                    "pods_at_risk": int(at_risk[number]),
                    "pods_failing": int(failing[number]),
                    "leading_pod": self._described_pod(row),
                    "recommendation": self._advice(pod),
                },
                "metrics": metrics[number],
                "truth": truth[number],
            }

    def _issue(self, row: int, *, state: ClusterState) -> IssueType:
        why = self._why.get(self._table.pods[row])
        if why is None or state == "stable":
            return IssueType.NONE
        failing = bool(self._scan.failing[row])
        return issue_of(self._table.values[row], why, failing=failing, model=self._issues)

    def _described_pod(self, row: int) -> dict[str, Any]:
        pod, owner = self._table.pods[row], self._table.workloads[row]
        why = self._why.get(pod)
        reasons = why.explanation.reasons if why else ()
        return {
            "name": pod.name,
            "workload": owner.partition("/")[2],
            "failure_probability": float(self._scan.probability[row]),
            "reasons": [each.sentence for each in reasons if each.direction == "raises"],
        }

    def _advice(self, pod: PodRef) -> Mapping[str, Any]:
        if pod not in self._why:
            return QUIET
        first = self._why[pod].remedies[0]
        return {
            "title": first.title, "description": first.description, "actions": first.actions,
        }  # fmt: skip


def _state(failing: int, at_risk: int, probability: float) -> ClusterState:
    if failing:
        return "failing"
    if at_risk:
        return "at_risk"
    return "watch" if probability >= HIGH_FROM else "stable"


def leading(cluster: Index, urgency: Array) -> Index:
    """Row of the most urgent pod of each cluster; the first one where several are.

    Parameters
    ----------
    cluster
        Of each row, from 0 and without gaps, (n_pods,).
    urgency
        In [0, 1]; NaN is less than any, (n_pods,).

    Examples
    --------
    >>> leading(np.array([0, 0, 1, 1]), np.array([np.nan, 0.2, 0.9, 0.9]))
    array([1, 2])
    """
    order = np.lexsort((-np.nan_to_num(urgency, nan=-1.0), cluster))
    rows: Index = order[np.searchsorted(cluster[order], np.arange(cluster[-1] + 1))]
    return rows


def any_of_them(cluster: Index, probability: Array) -> Array:
    """Probability that at least one pod of each cluster fails, were they independent.

    Pods without a probability are left out.

    >>> any_of_them(np.array([0, 0, 1, 1]), np.array([0.5, 0.5, np.nan, 1.0]))
    array([0.75, 1.  ])
    """
    healthy = np.ones(int(cluster[-1]) + 1)
    np.multiply.at(healthy, cluster, 1.0 - np.nan_to_num(probability))
    return 1.0 - healthy

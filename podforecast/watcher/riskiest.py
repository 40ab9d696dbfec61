"""The pods of a scan that somebody should look at, with why and what to do."""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from podforecast.api_schema.fleet import PodState
from podforecast.domain.forecast import Prediction, RiskLevel, predict, risk_level
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.targets import IssueForecast, StatusForecast
from podforecast.explain.remedies import Remedy
from podforecast.watcher.explained import watch_threshold
from podforecast.watcher.snapshot import Snapshot
from podforecast.watcher.states import state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a probability means; None throughout for a pod that is failing already."""

    failure_probability: float | None
    prediction: Prediction | None
    risk_level: RiskLevel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskyPod:
    """One pod that is at risk, or failing already."""

    pod: PodRef
    workload: str
    state: PodState
    judged: Judged
    reasons: tuple[str, ...]
    """What raises the probability, the weightiest first; none where nobody worked it out."""
    remedy: Remedy | None
    """The first thing to do."""
    last_failure: Failure | None
    issue: IssueForecast | None
    """What kind of trouble; None for a pod that is failing, or without a model of it."""
    status: StatusForecast | None
    muted: bool

    def document(self) -> dict[str, Any]:
        """Write it as :class:`~podforecast.api_schema.prediction.PodPredictionOut`."""
        last = self.last_failure
        return {
            "namespace": self.pod.namespace,
            "pod": self.pod.name,
            "workload": self.workload,
            "state": self.state,
            **asdict(self.judged),
            "reasons": self.reasons,
            "recommendation": None if self.remedy is None else asdict(self.remedy),
            "last_failure": None
            if last is None
            else {"at": datetime.fromtimestamp(last.at, UTC), "cause": last.cause},
            "issue_type": None if self.issue is None else asdict(self.issue),
            "pod_status": None if self.status is None else asdict(self.status),
            "muted": self.muted,
        }


def riskiest(
    snapshot: Snapshot, *, limit: int, namespaces: AbstractSet[str] = frozenset()
) -> tuple[int, list[RiskyPod]]:
    """Return how many pods are failing or above the watch threshold, and the first of them.

    Parameters
    ----------
    limit
        How many to return: those failing first, then by probability, ties by name.
    namespaces
        Of any of them only; none means all.
    """
    present = snapshot.present
    probability = np.where(present.failing, np.inf, present.probability)
    worth = probability >= watch_threshold(snapshot.model.threshold)
    pods = present.index.pods
    rows = [
        row
        for row in np.flatnonzero(worth).tolist()
        if not namespaces or pods[row].namespace in namespaces
    ]
    rows.sort(key=lambda row: (-probability[row], pods[row]))
    return len(rows), [_described(snapshot, row) for row in rows[:limit]]


def judged(snapshot: Snapshot, row: int) -> Judged:
    """Say what the probability of the pod in a row means."""
    probability, threshold = float(snapshot.present.probability[row]), snapshot.model.threshold
    if math.isnan(probability):
        return Judged(failure_probability=None, prediction=None, risk_level=None)
    return Judged(
        failure_probability=probability,
        prediction=predict(probability, threshold),
        risk_level=risk_level(probability, threshold),
    )


def _described(snapshot: Snapshot, row: int) -> RiskyPod:
    index = snapshot.present.index
    pod = index.pods[row]
    found, failures = snapshot.explained.get(pod), snapshot.failures.get(pod, ())
    reasons = () if found is None else found.explanation.reasons
    return RiskyPod(
        pod=pod,
        workload=index.workloads[row],
        state=state_of(snapshot.present, row),
        judged=judged(snapshot, row),
        reasons=tuple(each.sentence for each in reasons if each.direction == "raises"),
        remedy=None if found is None else found.remedies[0],
        last_failure=failures[-1] if failures else None,
        issue=snapshot.outlook.issues.get(row),
        status=snapshot.outlook.statuses.get(row),
        muted=pod in snapshot.muted,
    )

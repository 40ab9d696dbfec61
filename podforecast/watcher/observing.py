"""What the alert policy is shown of a scan: the few pods that can change anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from podforecast.domain.alerts import Observation, Why
from podforecast.domain.issues import FAILING_ISSUES
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.targets import IssueForecast, StatusForecast
from podforecast.explain.explained import Explained
from podforecast.watcher.causes import why
from podforecast.watcher.snapshot import Snapshot


def observations(
    snapshot: Snapshot, *, enter: float, followed: Mapping[PodRef, str]
) -> list[Observation]:
    """Observe pods at or above ``enter`` and those that are followed, as far as they are there.

    Parameters
    ----------
    followed
        Pods that are followed already, with their workloads.

    Notes
    -----
    A scan without any pod is no news: whatever answered knew nothing. All that are followed are
    then shown as unknown.
    """
    scan = snapshot.present
    if not scan.index.pods:
        return [
            Observation(pod=pod, workload=workload, probability=None, muted=pod in snapshot.muted)
            for pod, workload in followed.items()
        ]
    rows = set(np.flatnonzero(scan.probability >= enter).tolist())
    rows.update(row for pod in followed if (row := scan.index.row(pod)) is not None)
    return [_observed(snapshot, row) for row in sorted(rows)]


def _observed(snapshot: Snapshot, row: int) -> Observation:
    scan = snapshot.present
    pod, probability = scan.index.pods[row], float(scan.probability[row])
    explained = snapshot.explained.get(pod)
    return Observation(
        pod=pod,
        workload=scan.index.workloads[row].removeprefix(f"{pod.namespace}/"),
        probability=None if math.isnan(probability) else probability,
        failing=bool(scan.failing[row]),
        muted=pod in snapshot.muted,
        failed_at=_latest(snapshot.failures.get(pod, ())),
        why=None
        if explained is None
        else _with_status(
            _why(explained, snapshot.outlook.issues.get(row)), snapshot.outlook.statuses.get(row)
        ),
    )


def _why(explained: Explained, issue: IssueForecast | None) -> Why:
    """Add the likeliest trouble: whoever is alerted takes a failure to be likely enough."""
    found = why(explained)
    if issue is None:
        return found
    likeliest = max(FAILING_ISSUES, key=lambda kind: issue.distribution[kind])
    return replace(
        found, issue_type=likeliest, issue_confidence=round(issue.distribution[likeliest], 3)
    )


def _with_status(found: Why, status: StatusForecast | None) -> Why:
    return found if status is None else replace(found, pod_status=status.in_5_minutes)


def _latest(failures: Sequence[Failure]) -> float | None:
    return failures[-1].at if failures else None

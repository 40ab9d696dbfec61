"""Kind of trouble and status to expect, as parts of an answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from podforecast.domain.telemetry import Array
from podforecast.model.scorer import Scorer
from podforecast.watcher.outlook import issue_of_pod, status_of_pod
from podforecast.watcher.snapshot import Snapshot


def targets_ahead(model: Scorer, row: Array, probability: float) -> dict[str, Any]:
    """Tell ``issue_type`` and ``pod_status`` of a pod that a client measured.

    Its status now is not known; see :class:`~podforecast.api_schema.targets.PodStatusOut`.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    """
    issues, statuses = model.targets.issue_type, model.targets.pod_status
    issue = None if issues is None else issues.forecast(row, probability, model.threshold)
    return _told(issue, None if statuses is None else statuses.forecast(row, None))


def targets_of_row(snapshot: Snapshot, row: int) -> dict[str, Any]:
    """Tell ``issue_type`` and ``pod_status`` of a pod of the latest scan."""
    known, model, values = snapshot.outlook, snapshot.model, snapshot.features
    probability = float(snapshot.present.probability[row])
    return _told(
        issue_of_pod(row, probability, values, known, model),
        status_of_pod(row, values, known, model),
    )


def _told(issue: Any, status: Any) -> dict[str, Any]:  # noqa: ANN401 - a forecast or None
    return {
        "issue_type": None if issue is None else asdict(issue),
        "pod_status": None if status is None else asdict(status),
    }

"""Which kind of trouble a simulated pod is heading for, or in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from podforecast.domain.alerts import Cause
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.issues import FAILING_ISSUES, ISSUE_OF_CAUSE, IssueType
from podforecast.domain.pods import FailureCause
from podforecast.domain.telemetry import Array
from podforecast.explain.explained import Explained
from podforecast.model.targets.forecaster import IssueModel
from podforecast.watcher.causes import cause_of

PROBES_TO_KILL = 3.0
ISSUES: Mapping[Cause, IssueType] = {
    **dict.fromkeys(
        (Cause.MEMORY, Cause.CPU, Cause.FILE_DESCRIPTORS, Cause.NODE, Cause.DISK),
        IssueType.RESOURCE_EXHAUSTION,
    ),
    **dict.fromkeys((Cause.LATENCY, Cause.NETWORK), IssueType.NETWORK_ISSUE),
    **dict.fromkeys((Cause.ERRORS, Cause.PROBES), IssueType.SERVICE_DISRUPTION),
}
"""By the leading reason of a forecast, where no model of issue types was trained; all others are
about the process itself."""
_ENDS = CATALOGUE[feature_index("last_termination_reason")].categories
_LAST_END, _LIVENESS = (
    feature_index("last_termination_reason"),
    feature_index("liveness_failures_3m"),
)


def issue_of(
    row: Array, explained: Explained, *, failing: bool, model: IssueModel | None
) -> IssueType:
    """Sort a pod's trouble.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    explained
        Why it is at risk.
    failing
        Whether it is down already: then by how it went down.
    model
        Knows what failures are announced like; without one, the leading reason decides.
    """
    if failing:
        return ISSUE_OF_CAUSE[_how_it_ended(row)]
    if model is not None:
        return FAILING_ISSUES[int(np.argmax(model.given_failure(row[None])[0]))]
    return ISSUES.get(cause_of(explained.explanation), IssueType.POD_FAILURE)


def _how_it_ended(row: Array) -> FailureCause:
    if row[_LAST_END] == _ENDS.index("oom_killed"):
        return FailureCause.OOM
    return FailureCause.LIVENESS if row[_LIVENESS] >= PROBES_TO_KILL else FailureCause.EXIT

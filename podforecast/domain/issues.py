"""Kinds of trouble that a forecast can name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause


class IssueType(StrEnum):
    """What is going wrong, as somebody on call would sort it."""

    NONE = "none"
    POD_FAILURE = "pod_failure"
    """The process itself: it crashes, hangs, or is killed from outside."""
    RESOURCE_EXHAUSTION = "resource_exhaustion"
    """Memory, CPU, file descriptors or the node run out."""
    NETWORK_ISSUE = "network_issue"
    """What the pod depends on answers late or not at all."""
    SERVICE_DISRUPTION = "service_disruption"
    """It runs, and answers with errors."""


FAILING_ISSUES: tuple[IssueType, ...] = tuple(
    issue for issue in IssueType if issue is not IssueType.NONE
)
"""Those that a failure can be of."""

ISSUE_OF_FAULT: Mapping[str, IssueType] = {
    **dict.fromkeys(
        (
            "leak_linear",
            "leak_steps",
            "leak_accelerating",
            "leak_per_request",
            "sudden_allocation",
            "cpu_ramp",
            "connection_leak",
            "node_pressure",
        ),
        IssueType.RESOURCE_EXHAUSTION,
    ),
    "slow_dependency": IssueType.NETWORK_ISSUE,
    "error_exit": IssueType.SERVICE_DISRUPTION,
    **dict.fromkeys(
        ("crash", "outside_kill", "deadlock", "bad_rollout"),
        IssueType.POD_FAILURE,
    ),
}
"""By what was injected. A connection leak runs out of file descriptors."""
ISSUE_OF_CAUSE: Mapping[FailureCause, IssueType] = {
    FailureCause.OOM: IssueType.RESOURCE_EXHAUSTION,
    FailureCause.EVICTION: IssueType.RESOURCE_EXHAUSTION,
    FailureCause.LIVENESS: IssueType.SERVICE_DISRUPTION,
    FailureCause.EXIT: IssueType.POD_FAILURE,
}
"""By how it showed itself, where nobody injected anything."""


def issue_of(failure: Failure) -> IssueType:
    """Sort a recorded failure: by its injected fault where that is known, else by its cause.

    >>> from podforecast.domain.pods import PodRef
    >>> pod = PodRef("shop", "cart-0")
    >>> hung = Failure(pod=pod, at=0.0, cause=FailureCause.LIVENESS, first=True)
    >>> issue_of(hung)
    <IssueType.SERVICE_DISRUPTION: 'service_disruption'>
    """
    found = ISSUE_OF_FAULT.get(failure.fault_kind)
    return ISSUE_OF_CAUSE[failure.cause] if found is None else found

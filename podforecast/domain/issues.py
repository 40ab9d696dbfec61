"""Kinds of trouble that a forecast can name."""

from __future__ import annotations

from enum import StrEnum


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

"""The cause that an alert is filed under, of the reasons that a pod was explained with."""

from __future__ import annotations

from collections.abc import Mapping

from podforecast.domain.alerts import Cause, Why
from podforecast.explain.explained import Explained
from podforecast.explain.phrases import PHRASES, Family
from podforecast.explain.reasons import Explanation

CAUSES: Mapping[Family, Cause | None] = {
    Family.MEMORY_LEVEL: Cause.MEMORY,
    Family.MEMORY_TREND: Cause.MEMORY,
    Family.CPU: Cause.CPU,
    Family.THROTTLING: Cause.CPU,
    Family.LATENCY: Cause.LATENCY,
    # Requests pile up where answers are slow.
    Family.TRAFFIC: Cause.LATENCY,
    Family.ERRORS: Cause.ERRORS,
    Family.PROBES: Cause.PROBES,
    # A scrape is a probe that nobody restarts a pod for.
    Family.SCRAPES: Cause.PROBES,
    Family.DESCRIPTORS: Cause.FILE_DESCRIPTORS,
    Family.RESTARTS: Cause.RESTARTS,
    Family.LAST_END: Cause.RESTARTS,
    Family.WORKLOAD: Cause.WORKLOAD,
    Family.SIZE: Cause.WORKLOAD,
    Family.SCALING: Cause.WORKLOAD,
    Family.REVISION: Cause.REVISION,
    Family.NODE: Cause.NODE,
    Family.NETWORK: Cause.NETWORK,
    Family.DISK: Cause.DISK,
    # That something is unusual does not say what: the next reason may.
    Family.ANOMALY: None,
}
"""Few words for many families. A family without a cause leaves it to the next reason."""


def cause_of(explanation: Explanation) -> Cause:
    """Cause of the largest reason that raises the risk, was measured, and has a cause."""
    for reason in explanation.reasons:
        if reason.direction == "raises" and reason.value is not None:
            cause = CAUSES[PHRASES[reason.feature].family]
            if cause is not None:
                return cause
    return Cause.UNKNOWN


def why(explained: Explained) -> Why:
    """Reasons that raise the risk, and the weightiest remedy."""
    raising = [each for each in explained.explanation.reasons if each.direction == "raises"]
    remedy = explained.remedies[0]
    return Why(
        cause=cause_of(explained.explanation),
        reasons=tuple(each.sentence for each in raising),
        advice=f"{remedy.title}. {remedy.description}".strip(),
        actions=remedy.actions,
    )

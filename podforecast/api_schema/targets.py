"""Which kind of trouble is ahead, and what status a pod will have."""

from __future__ import annotations

from pydantic import Field

from podforecast.api_schema.answer import Answer
from podforecast.domain.issues import IssueType
from podforecast.domain.pods import PodStatus


class IssueTypeOut(Answer):
    """What a failure within the horizon would be."""

    type: IssueType = Field(
        description="The likeliest kind of trouble where the pod is at risk or likelier than not"
        " to fail; none for every other pod."
    )
    confidence: float = Field(ge=0, le=1, description="Share of `type` in the distribution.")
    distribution: dict[IssueType, float] = Field(
        description="Adds up to 1; `none` is 1 less the failure probability."
    )


class PodStatusOut(Answer):
    """The status of the pod, now and at the horizon."""

    now: PodStatus | None = Field(
        description="null where it is not known: a client that measures for itself does not send"
        " it. The pod is then taken for one that runs."
    )
    in_5_minutes: PodStatus | None = Field(
        description="The likeliest; null where no training has seen what becomes of such a status."
    )
    confidence: float | None = Field(description="Share of `in_5_minutes`; null where that is.")
    distribution: dict[PodStatus, float] | None = Field(
        description="Adds up to 1. 0 for what no status became in training; null as above."
    )


ISSUE_NOTE = "null for a pod without a probability, and where the model forecasts none."
STATUS_NOTE = "null where the model forecasts none."

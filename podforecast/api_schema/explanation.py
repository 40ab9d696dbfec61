"""Why a forecast is what it is, and what to do: ``?explain=true`` and the pages of a pod."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from podforecast.api_schema.answer import Answer
from podforecast.domain.issues import IssueType


class ReasonOut(Answer):
    """One feature's part in the forecast."""

    feature: str
    value: float | str | None = Field(description="What it was; null where it was not measured.")
    unit: str
    window: str = Field(default="", description="What it looks back on.", examples=["10 min"])
    typical_low: float | None = Field(description="Normal is from here …")
    typical_high: float | None = Field(
        description="… to here; null for a category, and where it depends on the application."
    )
    typical_of: Literal["siblings", "healthy pods"] | None = Field(
        default=None,
        description="Whose range it is: that of the workload's other pods in the same scan, or"
        " that of healthy pods in general.",
    )
    contribution: float = Field(description="Log-odds; above 0 it raises the probability.")
    direction: Literal["raises", "lowers"]
    promql: str | None = Field(
        default=None,
        description="Query that gives the value for this pod; null where no single signal does.",
    )
    sentence: str = Field(examples=["Memory usage is 95.2 % of its limit; usually 10 to 70 %."])


class ExplanationOut(Answer):
    """Contributions that, with the base, sum to the log-odds of the probability."""

    method: Literal["exact", "path", "occlusion"] = Field(
        description="exact and path contributions follow from the model's own form; occlusion"
        " compares with a typical value, one feature at a time."
    )
    base_log_odds: float = Field(description="Of a typical pod.")
    log_odds: float = Field(description="Of this forecast.")
    reasons: tuple[ReasonOut, ...] = Field(
        description="At most five: one of each subject, the subject that adds or takes away most"
        " first, then where there is room a second one."
    )
    other: float = Field(description="Sum of all contributions that are not listed, log-odds.")


class RecommendationOut(Answer):
    """Something to do. Nothing is changed in the cluster."""

    title: str
    description: str
    actions: tuple[str, ...]
    issue_type: IssueType = Field(
        default=IssueType.NONE, description="Kind of trouble that it is a way out of."
    )
    risk_before: float | None = Field(
        default=None, ge=0, le=1, description="Of the pod as it is; null where risk_after is."
    )
    risk_after: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="What the model says of the pod with the numbers that the action changes; null"
        " where it is not known how it would change them.",
        examples=[0.22],
    )
    runbook: str | None = Field(
        default=None,
        description="Anchor of docs/runbook.md.",
        examples=["memory-runs-out"],
    )

"""GET /prediction: the pods that will fail, why, and what to do."""

from __future__ import annotations

from pydantic import Field

from podforecast.api_schema.answer import Answer
from podforecast.api_schema.explanation import RecommendationOut
from podforecast.api_schema.fleet import LastFailureOut, PodState, SourceOut, StateCounts
from podforecast.api_schema.targets import ISSUE_NOTE, STATUS_NOTE, IssueTypeOut, PodStatusOut
from podforecast.domain.forecast import Prediction, RiskLevel


class PodPredictionOut(Answer):
    """One pod that is at risk, or failing already."""

    namespace: str
    pod: str
    workload: str = Field(description="namespace/name of its owner.")
    state: PodState
    failure_probability: float | None = Field(description="null for a pod that is failing already.")
    prediction: Prediction | None
    risk_level: RiskLevel | None
    reasons: tuple[str, ...] = Field(
        description="What raises the probability, the weightiest first. Of the 50 riskiest pods"
        " of all; none for the others, and for those failing already.",
        examples=[["Memory usage is 95.2 % of its limit; usually 10 to 70 %."]],
    )
    recommendation: RecommendationOut | None = Field(description="The first thing to do.")
    last_failure: LastFailureOut | None
    issue_type: IssueTypeOut | None = Field(description=ISSUE_NOTE)
    pod_status: PodStatusOut | None = Field(description=STATUS_NOTE)
    muted: bool = Field(description="Its owner asked for silence: nobody is alerted.")


class PredictionOut(Answer):
    """The riskiest pods of the latest scan: those failing already first, then by probability."""

    source: SourceOut
    model_version: str
    threshold: float
    watch_threshold: float = Field(description="Pods are listed from this probability on.")
    horizon_minutes: float
    counts: StateCounts
    total: int = Field(description="How many there are in these namespaces, whatever the limit.")
    limit: int
    predictions: tuple[PodPredictionOut, ...]

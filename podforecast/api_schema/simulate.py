"""GET /simulate/{count}: simulated clusters, and what the model says about each."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from podforecast.api_schema.answer import Answer
from podforecast.domain.issues import IssueType

ClusterState = Literal["failing", "at_risk", "watch", "stable"]


class AdviceOut(Answer):
    """What to do about the pod that leads. Nothing is changed anywhere."""

    title: str
    description: str
    actions: tuple[str, ...]


class LeadingPodOut(Answer):
    """The pod that decides how its cluster is: one that fails, else the riskiest."""

    name: str
    workload: str = Field(description="Its owner, without the cluster.")
    failure_probability: float | None = Field(
        description="Within the horizon; null for a pod that is failing already, or has too little"
        " data."
    )
    reasons: tuple[str, ...] = Field(
        description="What raises it, the largest first; empty below the watch threshold."
    )


class ClusterPredictionOut(Answer):
    """What the model says about a cluster."""

    will_have_issue: bool = Field(
        description="A pod is at risk by the model's threshold, or failing already."
    )
    issue_probability: float = Field(
        description="That a failure of any pod begins within the horizon: 1 minus the product of"
        " (1 - probability) over all pods, which takes pods as independent. Siblings are not, so"
        " it is rather too high. 1 where a pod is failing already.",
        ge=0.0,
        le=1.0,
    )
    issue_type: IssueType = Field(
        description="Of the pod that leads; none unless it is failing, at risk, or likelier than"
        " not to fail."
    )
    state: ClusterState = Field(
        description="watch: no pod is at risk, but issue_probability is 0.5 or more."
    )
    pods_at_risk: int
    pods_failing: int
    leading_pod: LeadingPodOut
    recommendation: AdviceOut


class ClusterMetricsOut(Answer):
    """What a cluster looks like, over the last three minutes unless told otherwise."""

    cpu_utilization: float = Field(description="% of the nodes' CPU that is busy, now.")
    memory_utilization: float = Field(description="% of the nodes' memory that is used, now.")
    node_count: int
    pod_count: int
    error_rate: float | None = Field(description="Share of all answers that are 5xx, 0 to 1.")
    latency_ms: float | None = Field(
        description="95th percentile of the response time of the slowest pod."
    )
    restarts: float = Field(description="Of all containers, in the half hour that is simulated.")
    network_drops: float = Field(description="Packets per second, of all pods.")
    pod_cpu_max: float | None = Field(description="% of its limit, of the pod closest to it.")
    pod_memory_max: float | None = Field(description="% of its limit, of the pod closest to it.")


class TruthOut(Answer):
    """What was simulated, which the model is not told."""

    issue_type: IssueType = Field(description="none where nothing has begun yet.")
    pod: str | None
    began_at: datetime | None
    failed_at: datetime | None = Field(description="Of the first failure; null before.")


class ClusterOut(Answer):
    """One simulated cluster."""

    timestamp: datetime = Field(description="Of its newest sample.")
    cluster_id: str = Field(examples=["cluster-0007"])
    prediction: ClusterPredictionOut
    metrics: ClusterMetricsOut
    truth: TruthOut


class SimulationOut(Answer):
    """Simulated clusters, in the order of their numbers."""

    simulated: Literal[True] = Field(
        description="No such cluster exists. Nothing of it is kept, learned from, or counted among"
        " forecasts."
    )
    seed: int = Field(description="The same seed and count give the same clusters again.")
    count: int
    model_version: str
    threshold: float
    watch_threshold: float = Field(
        description="From here on a pod is explained, and advice given about it."
    )
    horizon_minutes: float
    clusters: tuple[ClusterOut, ...]

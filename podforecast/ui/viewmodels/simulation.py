"""Simulated clusters as the Simulate page shows them: counts, rows, and one cluster's story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from podforecast.api_schema.simulate import (
    ClusterMetricsOut,
    ClusterOut,
    ClusterState,
    SimulationOut,
    TruthOut,
)
from podforecast.domain.issues import IssueType
from podforecast.ui.palette import SIGNS, Ink
from podforecast.ui.viewmodels.explanation import RemedyView, as_actions
from podforecast.ui.viewmodels.forecast import as_percent
from podforecast.ui.viewmodels.issues import ISSUE_SIGNS
from podforecast.ui.viewmodels.snapshot import age_in_words

STATE_WORDS: Mapping[ClusterState, str] = {
    "failing": str(SIGNS["failing"]),
    "at_risk": str(SIGNS["at_risk"]),
    "watch": "◆ Watch",
    "stable": str(SIGNS["stable"]),
}
"""Worst first."""
BINS = 10
"""Of the histogram of probabilities, each a tenth."""
HONEST = (
    "None of these clusters exists. It shows how forecasts look, not how good they are: that is on"
    " the Model page."
)
HOW = (
    "Half an hour of telemetry is made up for six pods in each cluster, causes before effects: load"
    " drives CPU, CPU drives response times, slow answers fail probes, probes kill containers."
    " In about a third of the clusters one pod is in trouble, at any stage of it. Healthy pods"
    " collect garbage, fill caches and run batches, which looks like trouble. The model forecasts"
    " all of them as it does real pods, and is not told what was simulated. Nothing of it is kept,"
    " learned from, or counted among forecasts."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRow:
    """A line of the table. Percentages are 0 to 100, unknown is None."""

    name: str
    ink: Ink
    state_words: str
    probability_pct: float
    issue: str
    cpu_pct: float
    memory_pct: float
    error_pct: float | None
    latency_ms: float | None


def ranked(simulation: SimulationOut) -> tuple[ClusterOut, ...]:
    """Clusters, the worst state first and the riskiest first within it."""
    worst = list(STATE_WORDS)

    def key(cluster: ClusterOut) -> tuple[int, float, str]:
        told = cluster.prediction
        return worst.index(told.state), -told.issue_probability, cluster.cluster_id

    return tuple(sorted(simulation.clusters, key=key))


def cluster_rows(clusters: Sequence[ClusterOut], watch_threshold: float) -> tuple[ClusterRow, ...]:
    """Turn clusters into rows, in the order in which they come."""
    return tuple(_row(cluster, watch_threshold) for cluster in clusters)


def _row(cluster: ClusterOut, watch_threshold: float) -> ClusterRow:
    told, metrics = cluster.prediction, cluster.metrics
    return ClusterRow(
        name=cluster.cluster_id,
        ink=cluster_ink(cluster, watch_threshold),
        state_words=state_in_words(cluster, watch_threshold),
        probability_pct=100.0 * told.issue_probability,
        issue="" if told.issue_type is IssueType.NONE else str(ISSUE_SIGNS[told.issue_type]),
        cpu_pct=metrics.cpu_utilization,
        memory_pct=metrics.memory_utilization,
        error_pct=None if metrics.error_rate is None else 100.0 * metrics.error_rate,
        latency_ms=metrics.latency_ms,
    )


def cluster_ink(cluster: ClusterOut, watch_threshold: float) -> Ink:
    """Choose the colour: green is for clusters whose every pod is at low risk."""
    state = cluster.prediction.state
    riskiest = cluster.prediction.leading_pod.failure_probability
    raised = riskiest is not None and riskiest >= watch_threshold
    return "medium" if state == "stable" and raised else state


def state_in_words(cluster: ClusterOut, watch_threshold: float) -> str:
    """Word the state; a cluster with a pod of medium risk says so."""
    words = STATE_WORDS[cluster.prediction.state]
    return f"{words}, medium" if cluster_ink(cluster, watch_threshold) == "medium" else words


@dataclass(frozen=True, slots=True)
class IssueBar:
    """How many clusters the model sees heading for a kind of trouble, and how many are in it."""

    issue: str
    told: int
    simulated: int


@dataclass(frozen=True, slots=True)
class Bin:
    """How many clusters have a probability from ``low`` to ``high``."""

    low: float
    high: float
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryView:
    headline: str
    issues: tuple[IssueBar, ...]
    issues_sentence: str
    bins: tuple[Bin, ...]
    bins_sentence: str


def summary(simulation: SimulationOut) -> SummaryView:
    """Count what the model says, and what was simulated."""
    clusters = simulation.clusters
    states = Counter(each.prediction.state for each in clusters)
    told = Counter(each.prediction.issue_type for each in clusters)
    real = Counter(each.truth.issue_type for each in clusters)
    kinds = [issue for issue in ISSUE_SIGNS if issue is not IssueType.NONE]
    ill = len(clusters) - real[IssueType.NONE]
    threshold = as_percent(simulation.threshold)
    counted = ", ".join(
        f"{words.lower()} {states[state]}" for state, words in STATE_WORDS.items() if states[state]
    )
    return SummaryView(
        headline=f"{_clusters(len(clusters))} of seed {simulation.seed}: {counted}",
        issues=tuple(
            IssueBar(str(ISSUE_SIGNS[issue]), told[issue], real[issue]) for issue in kinds
        ),
        issues_sentence=f"Trouble has begun in {_clusters(ill)}. The model looks"
        f" {simulation.horizon_minutes:g} minutes ahead: it is to foretell the failures that begin"
        " within them, and no others.",
        bins=_bins([each.prediction.issue_probability for each in clusters]),
        bins_sentence="Pods are taken as independent, so even a healthy cluster is above 0."
        f" An alarm takes a single pod at {threshold} or more.",
    )


def _clusters(number: int) -> str:
    return "1 cluster" if number == 1 else f"{number:,} clusters"


def _bins(probabilities: Sequence[float]) -> tuple[Bin, ...]:
    places = Counter(min(int(BINS * each), BINS - 1) for each in probabilities)
    return tuple(Bin(k / BINS, (k + 1) / BINS, places[k]) for k in range(BINS))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """One cluster in words."""

    ink: Ink
    headline: str
    number: str
    sentence: str
    share: float | None
    """Length of the bar, in [0, 1]; None where there is none."""
    facts: str
    leader: str
    reasons: tuple[str, ...]
    remedy: RemedyView
    truth: str


def cluster_view(cluster: ClusterOut, simulation: SimulationOut) -> ClusterView:
    """Word what the model says about a cluster, and what was simulated."""
    told = cluster.prediction
    advice = told.recommendation
    issue = told.issue_type
    kind = "" if issue is IssueType.NONE else f": {ISSUE_SIGNS[issue].word.lower()}"
    return ClusterView(
        ink=cluster_ink(cluster, simulation.watch_threshold),
        headline=f"{state_in_words(cluster, simulation.watch_threshold)}{kind}",
        number="Now" if told.state == "failing" else as_percent(told.issue_probability),
        sentence=_sentence(cluster, simulation.horizon_minutes),
        share=None if told.state == "failing" else told.issue_probability,
        facts=_facts(cluster.metrics),
        leader=_leader(cluster),
        reasons=told.leading_pod.reasons,
        remedy=RemedyView(advice.title, advice.description, as_actions(advice.actions)),
        truth=_truth(cluster.truth, cluster.timestamp),
    )


def _sentence(cluster: ClusterOut, horizon_minutes: float) -> str:
    pods = cluster.metrics.pod_count
    if cluster.prediction.state == "failing":
        failing = cluster.prediction.pods_failing
        return f"{failing} of its {pods} pods {'is' if failing == 1 else 'are'} down."
    return f"that any of its {pods} pods begins to fail within {horizon_minutes:g} minutes."


def _facts(metrics: ClusterMetricsOut) -> str:
    facts = [
        f"{metrics.node_count} nodes: CPU {metrics.cpu_utilization:.0f} %, memory"
        f" {metrics.memory_utilization:.0f} %",
        f"{metrics.restarts:.0f} restart{'' if metrics.restarts == 1 else 's'}",
        f"{metrics.network_drops:.0f} packets dropped per second",
    ]
    if metrics.pod_memory_max is not None:
        facts.insert(1, f"fullest pod {metrics.pod_memory_max:.0f} % of its memory limit")
    return ", ".join(facts)


def _leader(cluster: ClusterOut) -> str:
    pod = cluster.prediction.leading_pod
    if pod.failure_probability is not None:
        return f"Riskiest pod: {pod.name}, {as_percent(pod.failure_probability)}"
    failing = cluster.prediction.state == "failing"
    return f"{pod.name} is failing" if failing else f"{pod.name} has too little data"


def _truth(truth: TruthOut, at: datetime) -> str:
    if truth.pod is None or truth.began_at is None:
        return f"{ISSUE_SIGNS[IssueType.NONE]}: all its pods are healthy, or nothing has begun yet."
    begun = age_in_words(at - truth.began_at)
    then = (
        "which has not failed yet"
        if truth.failed_at is None
        else f"which first failed {age_in_words(at - truth.failed_at)} ago"
    )
    return f"{ISSUE_SIGNS[truth.issue_type]} in {truth.pod}, begun {begun} ago, {then}."

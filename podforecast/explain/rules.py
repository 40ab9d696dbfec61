"""Remedies as data: what a pod shows, what that means, and what to do about it.

Adding a remedy is one more entry. In texts, ``{name}`` is a number of the pod: a feature in the
words of :mod:`podforecast.explain.phrases`, or one of :mod:`podforecast.explain.facts`. A text
that speaks of a number nobody knows is left out. No action is ever carried out here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.forecast import RiskLevel
from podforecast.domain.issues import IssueType
from podforecast.domain.telemetry import Array


@dataclass(frozen=True, slots=True)
class Sign:
    """A value that shows something. What was not measured shows nothing."""

    feature: str
    holds: Callable[[float], bool]
    """Never true of NaN."""

    def shows(self, row: Array) -> bool:
        return bool(self.holds(float(row[feature_index(self.feature)])))


def at_least(feature: str, value: float) -> Sign:
    return Sign(feature, lambda seen: seen >= value)


def at_most(feature: str, value: float) -> Sign:
    return Sign(feature, lambda seen: seen <= value)


def equals(feature: str, category: str) -> Sign:
    code = CATALOGUE[feature_index(feature)].categories.index(category)
    return Sign(feature, lambda seen: seen == code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One remedy, and when it is one."""

    name: str
    title: str
    any_of: tuple[Sign, ...]
    """At least one shows."""
    all_of: tuple[Sign, ...] = ()
    """All show as well. What the signs that show are about has to raise the risk."""
    description: tuple[str, ...]
    """Sentences."""
    actions: tuple[str, ...]
    """Commands and steps, the first one first."""
    entry: str = ""
    """Heading of docs/runbook.md; a test shows those that are missing there."""
    issue: IssueType = IssueType.NONE
    """Kind of trouble that it is a way out of; none where it is no single one."""
    raises_memory: bool = False
    """Whether a higher memory limit is among its actions."""

    @property
    def runbook(self) -> str:
        """Anchor of its entry in docs/runbook.md; empty where it has none.

        >>> KEEP_AN_EYE.runbook
        'no-single-cause-leads'
        """
        return self.entry.lower().replace(" ", "-")


DESCRIBE = "kubectl describe pod {pod}"
LOGS = "kubectl logs {pod} --all-containers --tail=200"
LOGS_BEFORE = "kubectl logs {pod} --all-containers --previous --tail=200"
NODE = "$(kubectl get pod {pod} -o jsonpath='{{.spec.nodeName}}')"
EVENTS = "kubectl get events {in_namespace}--sort-by=.lastTimestamp"
RESTART = "kubectl rollout restart {in_namespace}{workload}"

RULES: tuple[Rule, ...] = (
    Rule(
        name="memory-leak",
        title="Memory keeps growing",
        entry="Memory runs out",
        issue=IssueType.RESOURCE_EXHAUSTION,
        raises_memory=True,
        any_of=(
            at_least("memory_leak_rate", 0.3),
            at_least("memory_growth_10m", 0.5),
            at_least("memory_growth_3m", 1.0),
            at_most("memory_minutes_to_limit", 60.0),
            at_most("memory_minutes_to_limit_3m", 30.0),
        ),
        all_of=(at_least("memory_usage_pct", 30.0),),
        description=(
            "Memory is at {memory_usage_pct} % of its limit and rises.",
            "At this pace it reaches the limit in about {minutes_to_limit} min.",
            "A restart buys time; only a fix, or a limit above what is really needed, ends it.",
        ),
        actions=(
            "kubectl top pod {pod} --containers",
            "{owner_lookup}",
            RESTART,
            LOGS,
            "Until it is fixed, {raise_memory} or more.",
        ),
    ),
    Rule(
        name="memory-near-limit",
        title="Memory is close to its limit",
        entry="Memory runs out",
        issue=IssueType.RESOURCE_EXHAUSTION,
        raises_memory=True,
        any_of=(at_least("memory_usage_pct", 80.0), at_least("memory_peak_pct", 90.0)),
        description=(
            "The container is killed at 100 %; the highest that was seen is {memory_peak} %.",
        ),
        actions=(
            "kubectl top pod {pod} --containers",
            "kubectl get pod {pod} -o jsonpath='{{.spec.containers[*].resources}}'",
            "If the use is legitimate, {raise_memory} or more: the peak is then at most 80 % of"
            " it.",
        ),
    ),
    Rule(
        name="killed-for-memory",
        title="The last container was killed for its memory",
        entry="Memory runs out",
        issue=IssueType.RESOURCE_EXHAUSTION,
        raises_memory=True,
        any_of=(equals("last_termination_reason", "oom_killed"),),
        description=(
            "The kernel ended it at its memory limit; the next one will meet the same limit.",
        ),
        actions=(
            DESCRIBE,
            LOGS_BEFORE,
            "Find what fills the memory, or {raise_memory} or more.",
        ),
    ),
    Rule(
        name="bad-revision",
        title="The new revision may be at fault",
        entry="A new revision is at fault",
        issue=IssueType.POD_FAILURE,
        any_of=(
            at_least("restart_count_24h", 2.0),
            at_least("restarts_1h", 1.0),
            at_least("error_log_rate", 10.0),
            at_least("server_error_share", 0.05),
            at_least("siblings_failing_share", 0.25),
        ),
        all_of=(at_most("deployment_uptime_hrs", 2.0),),
        description=(
            "It began {deployment_uptime_hrs} h ago, and there has been trouble since.",
            "Going back to the revision before is the fastest way out if it was healthy.",
        ),
        actions=(
            "{owner_lookup}",
            "kubectl rollout history {in_namespace}{workload}",
            "kubectl rollout undo {in_namespace}{workload}",
        ),
    ),
    Rule(
        name="crash-loop",
        title="It keeps restarting",
        entry="It keeps restarting",
        issue=IssueType.POD_FAILURE,
        any_of=(at_least("restart_count_24h", 3.0), at_least("restarts_1h", 2.0)),
        description=(
            "{restart_count_24h} restarts in 24 hours.",
            "What the container said last before it ended is in its previous log.",
        ),
        actions=(LOGS_BEFORE, DESCRIBE, EVENTS),
    ),
    Rule(
        name="errors",
        title="It answers or logs errors",
        entry="It answers or logs errors",
        issue=IssueType.SERVICE_DISRUPTION,
        any_of=(
            at_least("error_log_rate", 5.0),
            at_least("server_error_share", 0.05),
            at_least("server_error_share_1m", 0.1),
        ),
        description=(
            "{error_log_rate} error lines a minute.",
            "{server_error_share} % of its answers are 5xx.",
            "The first error after the trouble began usually names the cause.",
        ),
        actions=(LOGS, EVENTS),
    ),
    Rule(
        name="slow",
        title="It answers slowly",
        entry="It answers slowly",
        issue=IssueType.NETWORK_ISSUE,
        any_of=(
            at_least("request_latency_ms", 500.0),
            at_least("latency_vs_own_past", 3.0),
            at_least("requests_in_flight", 10.0),
        ),
        description=(
            "The slowest 5 % of requests take {request_latency_ms} ms or longer.",
            "While CPU is free this is mostly something the pod waits for: a database, another"
            " service, a lock.",
        ),
        actions=(
            LOGS,
            "Look at the response times of what the pod calls before restarting it.",
        ),
    ),
    Rule(
        name="cpu-limit",
        title="CPU is at its limit",
        entry="CPU is at its limit",
        issue=IssueType.RESOURCE_EXHAUSTION,
        any_of=(
            at_least("cpu_usage_pct", 90.0),
            at_least("cpu_throttled_pct", 25.0),
            at_least("cpu_at_limit_minutes", 2.0),
        ),
        description=(
            "CPU usage is {cpu_usage_pct} % of its limit.",
            "It is throttled in {cpu_throttled_pct} % of its periods.",
            "A starved pod answers its probes late and is restarted for it.",
        ),
        actions=(
            "kubectl top pod {pod} --containers",
            "Raise the CPU limit, or add replicas if the load is real.",
            "{owner_lookup}",
            "kubectl scale {in_namespace}{workload} --replicas={one_more_replica}",
        ),
    ),
    Rule(
        name="probes",
        title="Health probes fail",
        entry="Health probes fail",
        issue=IssueType.POD_FAILURE,
        any_of=(
            at_least("liveness_failures_3m", 1.0),
            at_least("liveness_failures_1m", 1.0),
            at_least("readiness_failures_3m", 2.0),
            at_least("scrape_failure_share", 0.2),
        ),
        description=(
            "{liveness_failures_3m} liveness probes failed in 3 minutes.",
            "Three in a row usually end the container.",
        ),
        actions=(DESCRIBE, LOGS),
    ),
    Rule(
        name="node-pressure",
        title="The node is under pressure",
        entry="The node is under pressure",
        issue=IssueType.RESOURCE_EXHAUSTION,
        any_of=(
            at_least("node_pressure_score", 0.7),
            at_least("node_memory_pct", 90.0),
            at_least("node_disk_pct", 90.0),
        ),
        description=(
            "Node pressure is {node_pressure_score} of 1.",
            "Memory of the node is {node_memory_pct} % used.",
            "Under pressure the kubelet evicts pods, those above their requests first.",
        ),
        actions=(
            f'kubectl describe node "{NODE}"',
            f'kubectl cordon "{NODE}"',
            "kubectl delete pod {pod}   # after the cordon: its owner starts it on another node",
        ),
    ),
    Rule(
        name="file-descriptors",
        title="File descriptors run out",
        entry="File descriptors run out",
        issue=IssueType.RESOURCE_EXHAUSTION,
        any_of=(
            at_least("open_fds_pct", 80.0),
            at_most("open_fds_minutes_to_limit", 30.0),
            at_most("open_fds_minutes_to_limit_3m", 15.0),
        ),
        description=(
            "{open_fds_pct} % of them are open.",
            "Mostly connections or files that are not closed; a restart buys time.",
        ),
        actions=(
            "kubectl exec {pod} -- sh -c 'ls -l /proc/1/fd | tail -50'",
            "{owner_lookup}",
            RESTART,
        ),
    ),
    Rule(
        name="disk",
        title="A volume is nearly full",
        entry="A volume fills up",
        issue=IssueType.RESOURCE_EXHAUSTION,
        any_of=(at_least("disk_usage_pct", 85.0),),
        description=("The fullest volume is {disk_usage_pct} % full.",),
        actions=("kubectl exec {pod} -- df -h", "kubectl get pvc {in_namespace}"),
    ),
    Rule(
        name="workload",
        title="The whole workload is in trouble",
        entry="The whole workload is in trouble",
        issue=IssueType.SERVICE_DISRUPTION,
        any_of=(
            at_least("siblings_failing_share", 0.3),
            at_least("previous_failures", 5.0),
            at_least("workload_failure_rate", 2.0),
        ),
        description=(
            "{previous_failures} failures of the workload in 7 days.",
            "{siblings_failing_share} % of its other pods are in trouble too.",
            "What all of them share is a likelier cause than this pod: revision, configuration,"
            " a dependency.",
        ),
        actions=(
            "{owner_lookup}",
            "kubectl rollout status {in_namespace}{workload} --timeout=10s",
            EVENTS,
        ),
    ),
    Rule(
        name="scaling-up",
        title="More pods are being started",
        entry="The whole workload is in trouble",
        any_of=(equals("autoscaler_action", "scale_up"),),
        description=(
            "The autoscaler answers a load that this pod feels as well; it needs a few minutes.",
        ),
        actions=(
            "kubectl get hpa {in_namespace}",
            "kubectl get pods {in_namespace}--field-selector=status.phase=Pending",
        ),
    ),
)

LOOK_CLOSER = Rule(
    name="look-closer",
    title="No known remedy fits: look closer",
    entry="No single cause leads",
    any_of=(),
    description=(
        "The risk is high, but nothing that was measured points at one cause.",
        "Its events and its log are where to begin.",
    ),
    actions=(DESCRIBE, LOGS, EVENTS),
)
KEEP_AN_EYE = Rule(
    name="keep-an-eye",
    title="Nothing needs doing yet",
    entry="No single cause leads",
    any_of=(),
    description=(
        "The risk is raised, but nothing that was measured asks for a remedy.",
        "Look again in a few minutes.",
    ),
    actions=(),
)
NOTHING_TO_DO = Rule(
    name="nothing-to-do",
    title="Nothing needs doing",
    any_of=(),
    description=("The risk is low, and nothing that was measured asks for a remedy.",),
    actions=(),
)

WITHOUT_A_RULE: Mapping[RiskLevel, Rule] = {
    RiskLevel.LOW: NOTHING_TO_DO,
    RiskLevel.MEDIUM: KEEP_AN_EYE,
    RiskLevel.HIGH: LOOK_CLOSER,
    RiskLevel.CRITICAL: LOOK_CLOSER,
}
"""What is said of a pod that none of ``RULES`` fits."""

"""A made-up fleet for the policy: what each pod looks like, scan after scan."""

from __future__ import annotations

from datetime import timedelta

from podforecast.alerting.policy import PolicyState, step
from podforecast.alerting.tracking import Rules
from podforecast.domain.alerts import Cause, Change, Observation, Why
from podforecast.domain.issues import IssueType
from podforecast.domain.pods import PodRef, PodStatus

T0 = 1_700_000_000.0
SCAN = 15.0
RULES = Rules(enter=0.5, leave=0.4, rest=timedelta(minutes=1), cluster="prod")
MEMORY = Why(
    issue_type=IssueType.RESOURCE_EXHAUSTION,
    issue_confidence=0.84,
    pod_status=PodStatus.CRASH_LOOP_BACK_OFF,
    cause=Cause.MEMORY,
    reasons=("Memory usage is 93 % of its limit.",),
    advice="Memory keeps growing",
    actions=("kubectl top pod -n shop cart-0 --containers",),
)


def pod(probability: float | None, name: str = "cart-0", **more) -> Observation:
    """A pod of the workload that its name begins with."""
    chosen = {"workload": name.rpartition("-")[0], "why": MEMORY} | more
    return Observation(pod=PodRef("shop", name), probability=probability, **chosen)


class Policy:
    """Steps the policy and keeps its state, fifteen seconds a scan."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.state = PolicyState()
        self.now = T0 - SCAN

    def scan(self, *observations: Observation, after: float = SCAN) -> tuple[Change, ...]:
        self.now += after
        self.state, changes = step(self.state, observations, self.now, rules=self.rules)
        return changes

    def scans(self, *observations: Observation, seconds: float) -> list[str]:
        """Scan the same again and again; gives the kinds of all changes."""
        kinds = []
        for _ in range(round(seconds / SCAN)):
            kinds += kinds_of(self.scan(*observations))
        return kinds


def kinds_of(changes: tuple[Change, ...]) -> list[str]:
    return [str(change.kind) for change in changes]


def workloads(n: int, probability: float = 0.6) -> list[Observation]:
    """One pod each."""
    return [pod(probability + i / 1000, f"w{i}-0") for i in range(n)]

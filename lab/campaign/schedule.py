"""When what happens to whom: a pure function of the seed.

Every slot (the n-th pod of a workload) has its own Poisson processes for gradual faults, sudden
faults and look-alikes, so nothing about one onset tells the next. Workload-wide and node-wide
actions have uniform onsets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from lab.campaign.kinds import KINDS, Kind
from lab.campaign.mixes import Mix, Range
from lab.campaign.planners import Draw, Plan, Target
from lab.campaign.workloads import MIB, ClusterPlan, log_uniform
from lab.node_agent.state import WorkloadSpec

QUIET_MINUTES = 3.0
"""Nothing begins before: the cluster is still starting its pods."""
FAULTS_PER_POD_HOUR = 0.74
LOOKALIKES_PER_FAULT = 1.5
MINUTES_TO_FAILURE: Range = (3.0, 40.0)
OVERLAP_PROBABILITY = 0.1
REPEAT_PROBABILITY = 0.25
MAX_REPEATS = 3
HORIZON_MINUTES = 5.0
FIRST_FAILURE_GAP_MINUTES = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """One planned fault or look-alike."""

    id: str
    onset_minutes: float
    workload: str
    """``namespace/name``; empty when the target is a node."""
    slot: int
    """Which pod of the workload, modulo the pods it has then; -1: the workload itself."""
    kind: str
    minutes: float
    params: Mapping[str, Any] = field(default_factory=dict)
    repeats: int = 0
    """How often the fault comes back after a restart of its pod."""
    overlap: bool = False
    """May begin while something else is active on the pod."""

    @property
    def row(self) -> Kind:
        """The kind's row of the catalogue."""
        return KINDS[self.kind]

    @property
    def end_minutes(self) -> float:
        """Planned end: of a fault its failure, of a look-alike its recovery."""
        return self.onset_minutes + self.minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a schedule leads to when every fault takes its planned time."""

    first_failures: int
    sudden_first_failures: int
    repeats: int
    positive_share: float
    faults: int
    lookalikes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a schedule is drawn for."""

    plan: ClusterPlan
    mix: Mix
    minutes: float
    compress: float = 1.0
    """Divides every time to failure and multiplies every rate: a short trial sees as much as a
    campaign so much longer."""

    def target(self, workload: WorkloadSpec) -> Target:
        """Return the limits and the load of a workload's pods."""
        container = workload.containers[0]
        return Target(
            memory_limit_mib=container.memory_limit_bytes / MIB,
            cpu_limit_cores=container.cpu_limit_cores,
            max_open_files=container.max_open_files,
            requests_per_minute=60.0 * self.plan.requests_per_second[workload_key(workload)],
        )


def draw_schedule(rng: Random, frame: Frame) -> tuple[Injection, ...]:
    """Draw all injections of a campaign in order of onset."""
    drawn = [
        injection
        for workload in frame.plan.workloads
        for slot in range(workload.replicas)
        for injection in _draw_slot(rng, frame, workload, slot)
    ]
    drawn += _draw_wide(rng, frame)
    return tuple(sorted(drawn, key=lambda injection: (injection.onset_minutes, injection.id)))


def outlook(schedule: tuple[Injection, ...], *, pods: int, minutes: float) -> Outlook:
    """Count what the schedule promises; see :class:`Outlook`."""
    first, sudden, repeats = 0, 0, 0
    for injection in schedule:
        if injection.row.benign or injection.end_minutes >= minutes:
            continue
        size = 1.5 if injection.kind == "node_pressure" else 1
        first += round(size)
        sudden += injection.row.sudden
        if injection.minutes < FIRST_FAILURE_GAP_MINUTES:
            repeats += injection.repeats
    positive = HORIZON_MINUTES * first + 2.0 * repeats
    lookalikes = sum(injection.row.benign for injection in schedule)
    return Outlook(
        first_failures=first,
        sudden_first_failures=sudden,
        repeats=repeats,
        positive_share=positive / (pods * minutes),
        faults=len(schedule) - lookalikes,
        lookalikes=lookalikes,
    )


def workload_key(workload: WorkloadSpec) -> str:
    """``namespace/name``."""
    return f"{workload.namespace}/{workload.name}"


def _arrivals(rng: Random, per_minute: float, minutes: float) -> Iterator[float]:
    at = QUIET_MINUTES + rng.expovariate(per_minute)
    while at < minutes:
        yield at
        at += rng.expovariate(per_minute)


def _draw_slot(rng: Random, frame: Frame, workload: WorkloadSpec, slot: int) -> Iterator[Injection]:
    """Draw one pod's processes and drop what would overlap, but for a tenth."""
    key = workload_key(workload)
    busy_until = 0.0
    for number, (at, name) in enumerate(sorted(_onsets(rng, frame))):
        overlap = at < busy_until
        if overlap and rng.random() >= OVERLAP_PROBABILITY:
            continue
        kind = KINDS[name]
        planned = _plan(rng, frame, workload, kind)
        busy_until = max(busy_until, at + planned.minutes)
        yield Injection(
            id=f"{key}/{slot}/{number}",
            onset_minutes=at,
            workload=key,
            slot=slot,
            kind=name,
            minutes=planned.minutes,
            params=planned.params,
            repeats=_draw_repeats(rng, kind),
            overlap=overlap,
        )


def _onsets(rng: Random, frame: Frame) -> list[tuple[float, str]]:
    """Draw when what kind comes to one pod."""
    mix, faults = frame.mix, FAULTS_PER_POD_HOUR / 60.0 * frame.compress
    groups = (
        (mix.gradual, faults * (1.0 - mix.sudden_share)),
        (mix.sudden, faults * mix.sudden_share),
        (mix.lookalikes, faults * LOOKALIKES_PER_FAULT),
    )
    return [
        (at, rng.choices(list(weights), list(weights.values()))[0])
        for weights, per_minute in groups
        for at in _arrivals(rng, per_minute, frame.minutes)
    ]


def _plan(rng: Random, frame: Frame, workload: WorkloadSpec, kind: Kind) -> Plan:
    wanted = log_uniform(rng, MINUTES_TO_FAILURE) / frame.compress
    return kind.plan(Draw(rng, frame.target(workload), max(wanted, 1.0)))


def _draw_repeats(rng: Random, kind: Kind) -> int:
    if kind.benign or rng.random() >= REPEAT_PROBABILITY:
        return 0
    return rng.randint(1, MAX_REPEATS)


def _draw_wide(rng: Random, frame: Frame) -> Iterator[Injection]:
    """Draw what befalls a whole workload or node, in proportion to the length and size."""
    size = frame.minutes * frame.compress * frame.plan.pods / (92.0 * 100.0)
    wanted = {
        "node_pressure": rng.randint(*frame.mix.node_pressure_groups),
        "bad_rollout": rng.randint(*frame.mix.bad_rollouts),
        "rollout": rng.randint(3, 6),
        "scale": rng.randint(6, 10),
        "image_pull_error": 1,
        "lost_node": rng.randint(0, 1),
    }
    for name, count in wanted.items():
        for number in range(_round_at_random(rng, count * size)):
            yield _draw_one_wide(rng, frame, name, number)


def _draw_one_wide(rng: Random, frame: Frame, name: str, number: int) -> Injection:
    kind = KINDS[name]
    workload = _eligible(rng, frame.plan, kind)
    planned = _plan(rng, frame, workload, kind)
    of_node = kind.action in {"node_pressure", "lose_node"}
    return Injection(
        id=f"{name}/{number}",
        onset_minutes=rng.uniform(QUIET_MINUTES, max(QUIET_MINUTES, frame.minutes - 2.0)),
        workload="" if of_node else workload_key(workload),
        slot=-1,
        kind=name,
        minutes=planned.minutes,
        params=planned.params,
    )


def _eligible(rng: Random, plan: ClusterPlan, kind: Kind) -> WorkloadSpec:
    """Pick a workload: rollouts need a Deployment, and an autoscaler owns its own scale."""
    fitting = [
        workload
        for workload in plan.workloads
        if (kind.action == "scale" and workload.autoscaler is None)
        or (kind.action != "scale" and workload.kind == "Deployment")
    ]
    return rng.choice(fitting or list(plan.workloads))


def _round_at_random(rng: Random, count: float) -> int:
    whole = int(count)
    return whole + (rng.random() < count - whole)

"""What befalls a whole workload or node: rollouts, scaling, a lost node, memory pressure."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Protocol

from lab.campaign.ledger import Active, Ledger
from lab.campaign.planners import IDLE_MIB
from lab.campaign.schedule import Injection
from lab.campaign.workloads import MIB
from lab.node_agent.state import Event, Node, Pod, WorkloadSpec

log = logging.getLogger(__name__)

EVICTION_SHARE = 0.97
"""Share of a node's memory above which the node agent evicts."""
SPARE_HEADROOM = 1.2
"""A group's pods have so much more room below their limits than the node has."""
MOST_MEMBERS = 8
SMALLEST_SCALE = 2


class Cluster(Protocol):
    """What wide actions need of a cluster."""

    pods: dict[str, Pod]
    nodes: dict[str, Node]
    workloads: dict[str, WorkloadSpec]

    def rollout(
        self, workload: str, *, image: str | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Roll a new revision out."""

    def rollback(self, workload: str) -> None:
        """Return to the revision before."""

    def scale(self, workload: str, replicas: int) -> None:
        """Want another number of pods."""

    def lose_node(self, node: str, *, lost: bool) -> None:
        """Silence a node."""


class WideActions:
    """Carries out injections that are not about one pod."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        ledger: Ledger,
        record: Callable[[Event], None],
        available_bytes: Callable[[str], Awaitable[float | None]],
        rng: Random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._ledger = ledger
        self._record = record
        self._available_bytes = available_bytes
        self._rng = rng
        self._clock = clock
        self._actions: dict[str, Callable[[Injection], Awaitable[None]]] = {
            "bad_rollout": self._bad_rollout,
            "rollout": self._rollout,
            "image_pull_error": self._image_pull_error,
            "scale": self._scale,
            "lose_node": self._lose_node,
        }

    async def carry_out(self, injection: Injection) -> None:
        """Do it from its beginning to its end, unless something else goes on there."""
        subject = injection.workload or "nodes"
        if self._ledger.is_busy(subject):
            self._ledger.tally.skipped += 1
            return
        active = Active(injection=injection, subject=subject, started_at=self._clock())
        self._ledger.begin(active)
        self._ledger.tally.started[injection.kind] += 1
        self._say(injection, "started")
        try:
            await self._actions[injection.row.action](injection)
        finally:
            self._ledger.end(active)
        self._say(injection, "ended")

    async def plan_node_pressure(
        self, injection: Injection, *, free: Callable[[Pod], bool]
    ) -> Sequence[tuple[Pod, Injection]]:
        """Choose pods of the smallest node and the rates at which they fill it together."""
        node = min(self._cluster.nodes.values(), key=lambda n: n.spec.memory_bytes).spec
        available = await self._available_bytes(node.name)
        if available is None:
            return ()
        volume = (available - (1.0 - EVICTION_SHARE) * node.memory_bytes) / MIB
        pods = [p for p in self._cluster.pods.values() if p.node == node.name and free(p)]
        members = choose_members(pods, volume, least=int(injection.params["pods"]))
        if not members or volume <= 0:
            log.info("no pods for node pressure node=%s volume_mib=%.0f", node.name, volume)
            self._ledger.tally.skipped += 1
            return ()
        return [
            (pod, self._member(injection, number, volume / len(members)))
            for number, pod in enumerate(members)
        ]

    def _member(self, injection: Injection, number: int, volume_mib: float) -> Injection:
        """Members leak at about the same pace; each has its own shape."""
        rate = volume_mib / injection.minutes * self._rng.uniform(0.85, 1.25)
        shape = self._rng.choice(("linear", "steps"))
        return replace(
            injection,
            id=f"{injection.id}/{number}",
            params={"mib_per_minute": round(rate, 3), "shape": shape},
        )

    async def _bad_rollout(self, injection: Injection) -> None:
        self._cluster.rollout(injection.workload, env={"LAB_BAD_CONFIG": "1"})
        await asyncio.sleep(60.0 * injection.minutes)
        self._cluster.rollback(injection.workload)

    async def _image_pull_error(self, injection: Injection) -> None:
        self._cluster.rollout(injection.workload, image=self._image(injection, "missing"))
        await asyncio.sleep(60.0 * injection.minutes)
        self._cluster.rollback(injection.workload)

    async def _rollout(self, injection: Injection) -> None:
        tag = str(self._rng.randint(41, 999))
        self._cluster.rollout(injection.workload, image=self._image(injection, tag))

    def _image(self, injection: Injection, tag: str) -> str:
        repository = self._cluster.workloads[injection.workload].image.rpartition(":")[0]
        return f"{repository}:{tag}"

    async def _scale(self, injection: Injection) -> None:
        before = self._cluster.workloads[injection.workload].replicas
        self._cluster.scale(
            injection.workload, max(SMALLEST_SCALE, before + injection.params["by"])
        )
        await asyncio.sleep(60.0 * injection.minutes)
        self._cluster.scale(injection.workload, before)

    async def _lose_node(self, injection: Injection) -> None:
        node = self._rng.choice(sorted(self._cluster.nodes))
        self._cluster.lose_node(node, lost=True)
        try:
            await asyncio.sleep(60.0 * injection.minutes)
        finally:
            self._cluster.lose_node(node, lost=False)

    def _say(self, injection: Injection, verb: str) -> None:
        namespace, _, workload = injection.workload.rpartition("/")
        prefix = "benign" if injection.row.benign else "fault"
        detail: dict[str, Any] = {
            "injection": injection.id,
            "injection_kind": injection.kind,
            "planned_minutes": round(injection.minutes, 2),
            "params": dict(injection.params),
            "sudden": injection.row.sudden,
        }
        self._record(
            Event(
                at=self._clock(),
                kind=f"{prefix}_{verb}",
                namespace=namespace,
                workload=workload,
                detail=detail,
            )
        )


def choose_members(pods: Sequence[Pod], volume_mib: float, *, least: int) -> list[Pod]:
    """Take the roomiest pods until the node's free memory fits below their own limits."""
    by_room = sorted(pods, key=_headroom_mib, reverse=True)
    for count in range(least, min(len(by_room), MOST_MEMBERS) + 1):
        members = by_room[:count]
        if _headroom_mib(members[-1]) >= SPARE_HEADROOM * volume_mib / count:
            return members
    return []


def _headroom_mib(pod: Pod) -> float:
    return sum(c.spec.memory_limit_bytes for c in pod.containers) / MIB - IDLE_MIB

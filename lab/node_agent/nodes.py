"""What happens to nodes: memory pressure with eviction, and silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.node_agent.journal import Journal
from lab.node_agent.pods import Pods
from lab.node_agent.scheduler import requested_memory_bytes
from lab.node_agent.state import Node, Phase, Pod
from lab.node_agent.timing import Timing

PRESSURE_SHARE = 0.92
RELIEF_SHARE = 0.90
EVICTION_SHARE = 0.97


@dataclass(slots=True, kw_only=True)
class NodeKeeper:
    """Watches the memory of the nodes and their heartbeat."""

    nodes: dict[str, Node]
    pods: Pods
    journal: Journal
    timing: Timing
    clock: Callable[[], float]
    lost_since: dict[str, float] = field(default_factory=dict)
    _last_eviction: dict[str, float] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look at every node for ever."""
        while True:
            await asyncio.sleep(self.timing.node_check_seconds)
            for node in self.nodes.values():
                await self._check_memory(node)
                self._show_silence(node)

    def lose(self, name: str, *, lost: bool) -> None:
        """Stop or resume the heartbeat of a node."""
        node = self.nodes[name]
        if node.lost == lost:
            return
        node.lost = lost
        self.journal.cluster("node_lost" if lost else "node_back", node=name)
        if lost:
            self.lost_since[name] = self.clock()
            return
        del self.lost_since[name]
        for pod in self._residents(node):
            if pod.status_reason == "NodeLost":
                pod.status_reason = ""
                pod.phase = Phase.RUNNING if _was_started(pod) else Phase.PENDING

    def is_unknown(self, name: str) -> bool:
        """Return whether the silence has lasted long enough to be noticed."""
        since = self.lost_since.get(name)
        return since is not None and self.clock() - since >= self.timing.node_unknown_after_seconds

    async def _check_memory(self, node: Node) -> None:
        cgroup = self.pods.kubelet.node_cgroup(node.spec.name)
        share = cgroup.memory().working_set_bytes / node.spec.memory_bytes
        if share > PRESSURE_SHARE:
            node.memory_pressure = True
        elif share < RELIEF_SHARE:
            node.memory_pressure = False
        now = self.clock()
        last = self._last_eviction.get(node.spec.name, float("-inf"))
        if share > EVICTION_SHARE and now - last >= self.timing.eviction_pause_seconds:
            victim = self._furthest_above_request(node)
            if victim is not None:
                self._last_eviction[node.spec.name] = now
                await self.pods.evict(victim)

    def _furthest_above_request(self, node: Node) -> Pod | None:
        def excess_bytes(pod: Pod) -> int:
            return self.pods.kubelet.usage_bytes(pod) - requested_memory_bytes(pod)

        candidates = [pod for pod in self._residents(node) if pod.phase is not Phase.FAILED]
        return max(candidates, key=excess_bytes, default=None)

    def _show_silence(self, node: Node) -> None:
        if not self.is_unknown(node.spec.name):
            return
        for pod in self._residents(node):
            if pod.phase is not Phase.FAILED:
                pod.phase, pod.status_reason = Phase.UNKNOWN, "NodeLost"

    def _residents(self, node: Node) -> list[Pod]:
        return [
            pod
            for pod in self.pods.table.values()
            if pod.node == node.spec.name and not pod.deleting
        ]


def _was_started(pod: Pod) -> bool:
    return any(container.started_at > 0 for container in pod.containers)

"""The pods of the cluster: made, placed, listed, deleted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from lab.node_agent import names
from lab.node_agent.journal import Journal
from lab.node_agent.kubelet import Kubelet
from lab.node_agent.scheduler import choose_node
from lab.node_agent.state import Container, ContainerSpec, Node, Pod, WorkloadSpec
from lab.node_agent.supervision import Tasks
from lab.node_agent.timing import Timing


@dataclass(slots=True, kw_only=True)
class Pods:
    """The live table of pods, and what may be done to it."""

    kubelet: Kubelet
    nodes: dict[str, Node]
    journal: Journal
    timing: Timing
    rng: random.Random
    addresses: names.Addresses
    table: dict[str, Pod] = field(default_factory=dict)
    tasks: Tasks = field(default_factory=Tasks)

    def create(
        self,
        spec: WorkloadSpec,
        *,
        name: str,
        replicaset: str,
        image: str,
        containers: Iterable[ContainerSpec],
        created_at: float,
    ) -> Pod:
        """Add a pod and begin to look for a node."""
        pod = Pod(
            namespace=spec.namespace,
            name=name,
            uid=names.uid(self.rng),
            workload=spec.name,
            kind=spec.kind,
            replicaset=replicaset,
            image=image,
            ip=self.addresses.take(),
            created_at=created_at,
            containers=[Container(spec=container) for container in containers],
        )
        self.table[pod.key] = pod
        self.journal.pod("pod_created", pod, replicaset=replicaset, image=image)
        self.place_waiting()
        if pod.node is None:
            self.journal.pod("pod_pending", pod, reason="Unschedulable")
        return pod

    def place_waiting(self) -> None:
        """Look for a node for every pod that has none, the longest waiting first."""
        for pod in self.table.values():
            if pod.node is not None or pod.deleting:
                continue
            node = choose_node(pod, self.nodes.values(), self.table.values())
            if node is not None:
                self.kubelet.start(pod, node)
                pod.node = node

    def delete(self, pod: Pod) -> None:
        """Begin to delete a pod; it stays listed until its processes have ended."""
        if not pod.deleting:
            pod.deleting = True
            self.tasks.once(f"delete {pod.key}", lambda: self._delete(pod))

    async def evict(self, pod: Pod) -> None:
        """Evict a pod; it stays listed for a while, then goes."""
        await self.kubelet.evict(pod)
        self.tasks.once(f"forget {pod.key}", lambda: self._forget_later(pod))

    async def _delete(self, pod: Pod) -> None:
        await self.kubelet.stop(pod)
        self._remove(pod)

    async def _forget_later(self, pod: Pod) -> None:
        await asyncio.sleep(self.timing.evicted_listed_seconds)
        if not pod.deleting:
            pod.deleting = True
            self._remove(pod)

    def _remove(self, pod: Pod) -> None:
        if self.table.get(pod.key) is pod:
            del self.table[pod.key]
        self.addresses.give_back(pod.ip)
        self.journal.pod("pod_deleted", pod, reason=pod.status_reason)

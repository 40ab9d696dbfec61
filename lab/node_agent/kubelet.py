"""Runs pods on their nodes: cgroups per pod, one runner per container, eviction, deletion."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Literal

from lab.node_agent.cgroup import Cgroup
from lab.node_agent.container import KILLED, ContainerRunner, Surroundings
from lab.node_agent.state import Phase, Pod
from lab.node_agent.supervision import Tasks, in_thread

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PodRun:
    """A pod that has a node."""

    pod: Pod
    cgroup: Cgroup
    runners: list[ContainerRunner]
    tasks: Tasks = field(default_factory=Tasks)


class Kubelet:
    """The agent of every node of the cluster at once."""

    def __init__(self, *, cgroup: Cgroup, surroundings: Surroundings) -> None:
        self.runs: dict[str, PodRun] = {}
        """By pod uid."""
        self._cgroup = cgroup
        self._around = surroundings

    def node_cgroup(self, node: str) -> Cgroup:
        """Return the group that holds a node's pods."""
        return self._cgroup.child(node)

    def start(self, pod: Pod, node: str) -> None:
        """Begin to run a pod on a node."""
        cgroup = self.node_cgroup(node).child(pod.uid)
        runners = [
            ContainerRunner(pod, index, pod_cgroup=cgroup, surroundings=self._around)
            for index in range(len(pod.containers))
        ]
        run = self.runs[pod.uid] = PodRun(pod, cgroup, runners)
        for runner in runners:
            run.tasks.start(f"{pod.key}/{runner.container.spec.name}", runner.live)

    async def stop(self, pod: Pod) -> None:
        """Delete a pod: SIGTERM, grace, SIGKILL. Never a failure."""
        await self._end(pod, "deletion", grace_seconds=self._around.timing.grace_seconds)

    async def evict(self, pod: Pod) -> None:
        """End a pod for the sake of its node, without grace; it stays listed as Failed."""
        container = pod.containers[0]
        pod.phase, pod.status_reason = Phase.FAILED, "Evicted"
        await self._end(pod, "eviction", grace_seconds=0.0)
        self._around.journal.failure(pod, container, "eviction", exit_code=KILLED, reason="Evicted")

    def signal(self, pod: Pod, number: int) -> None:
        """Hit all processes of a pod from outside."""
        run = self.runs.get(pod.uid)
        for runner in run.runners if run is not None else ():
            runner.signal(number)

    def usage_bytes(self, pod: Pod) -> int:
        """Return the working set of a pod, 0 if it has none."""
        run = self.runs.get(pod.uid)
        return 0 if run is None else run.cgroup.memory().working_set_bytes

    async def _end(
        self, pod: Pod, why: Literal["deletion", "eviction"], *, grace_seconds: float
    ) -> None:
        run = self.runs.pop(pod.uid, None)
        if run is None:
            return
        await run.tasks.cancel()
        await asyncio.gather(
            *(runner.stop(why, grace_seconds=grace_seconds) for runner in run.runners)
        )
        await _remove(run.cgroup)


async def _remove(cgroup: Cgroup) -> None:
    for _ in range(100):
        if await in_thread(cgroup.try_remove):
            return
        await in_thread(cgroup.kill)
        await asyncio.sleep(0.05)
    log.warning("cgroup_stays path=%s", cgroup.folders[0])

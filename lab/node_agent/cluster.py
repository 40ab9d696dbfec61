"""A small cluster on this machine: real processes in real control groups."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.errors import LabRefused
from lab.node_agent import cgroups
from lab.node_agent.autoscaler import SAMPLE_SECONDS, Autoscalers
from lab.node_agent.cgroup import Cgroup, Limits
from lab.node_agent.container import Surroundings
from lab.node_agent.controllers import Controllers
from lab.node_agent.exporter import Exporter
from lab.node_agent.journal import Journal
from lab.node_agent.kubelet import Kubelet
from lab.node_agent.names import Addresses
from lab.node_agent.nodes import NodeKeeper
from lab.node_agent.pods import Pods
from lab.node_agent.spawner import Spawner
from lab.node_agent.state import Event, Node, NodeSpec, Pod, WorkloadSpec
from lab.node_agent.supervision import Tasks
from lab.node_agent.timing import Timing

SYSTEM = "_system"
LAB_SHARES = 16_384
"""Against 1024 of anything else: other work on the machine must not starve probes."""
SYSTEM_SHARES = 65_536
DEMO_APP = "lab.app.run:serve"

log = logging.getLogger(__name__)


class Cluster:
    """Runs workloads on nodes until stopped.

    Parameters
    ----------
    name
        Of the cluster's control group. One cluster of a name can run at a time; what an earlier,
        crashed one left behind is ended by :meth:`start`.
    ip_prefix
        First two bytes of the pods' loopback addresses, ``"127.21"``.
    listen_port
        Of the exporter, on 127.0.0.1.
    on_event
        Called with every line of the ground truth, in the event loop: it must be quick.
    timing
        Shorter in tests.
    program
        What a container runs, ``package.module:function`` taking host, port, environ.
    """

    def __init__(  # noqa: PLR0913 -- the composition root: each of these is a choice of the caller
        self,
        *,
        name: str,
        nodes: Sequence[NodeSpec],
        workloads: Sequence[WorkloadSpec],
        run_dir: Path,
        ip_prefix: str,
        listen_port: int,
        on_event: Callable[[Event], None],
        rng: random.Random,
        clock: Callable[[], float] = time.time,
        timing: Timing | None = None,
        program: str = DEMO_APP,
    ) -> None:
        timing = timing or Timing()
        self.name = name
        self.nodes = {spec.name: Node(spec=spec) for spec in nodes}
        self.workloads = {f"{spec.namespace}/{spec.name}": spec for spec in workloads}
        self.log_dir = run_dir / "pods"
        self._timing = timing
        self._top = cgroups.detect()
        self._cgroup = self._top.child(cgroups.LAB).child(name)
        self._tasks = Tasks()
        self._lock: socket.socket | None = None
        self._home: Sequence[Path] = ()
        journal = Journal(on_event, clock)
        self._spawner = Spawner(name, program, self.system_cgroup, run_dir / "zygote.log")
        self._kubelet = Kubelet(
            cgroup=self._cgroup,
            surroundings=Surroundings(
                spawner=self._spawner,
                journal=journal,
                timing=timing,
                rng=rng,
                starts=asyncio.Semaphore(timing.simultaneous_starts),
                log_dir=self.log_dir,
            ),
        )
        self._pods = Pods(
            kubelet=self._kubelet,
            nodes=self.nodes,
            journal=journal,
            timing=timing,
            rng=rng,
            addresses=Addresses(ip_prefix),
        )
        self.pods: dict[str, Pod] = self._pods.table
        self._controllers = Controllers(
            pods=self._pods, journal=journal, rng=rng, clock=clock, specs=self.workloads
        )
        self._autoscalers = Autoscalers(
            controllers=self._controllers,
            kubelet=self._kubelet,
            clock=clock,
            window_seconds=timing.autoscaler_window_seconds,
        )
        self._keeper = NodeKeeper(
            nodes=self.nodes, pods=self._pods, journal=journal, timing=timing, clock=clock
        )
        self._exporter = Exporter(
            port=listen_port,
            nodes=self.nodes,
            kubelet=self._kubelet,
            controllers=self._controllers,
            autoscalers=self._autoscalers,
            keeper=self._keeper,
            clock=clock,
        )

    @property
    def system_cgroup(self) -> Cgroup:
        """Group of the lab's own processes; ``attach(pid)`` what is part of the lab but no pod."""
        return self._cgroup.child(SYSTEM)

    async def start(self) -> None:
        """Clean up after a crashed run, then start everything; pods come up over the next minute.

        Raises
        ------
        LabRefused
            If this is not root, groups can not be made, or the cluster runs already.
        """
        cgroups.require_writable(self._top)
        self._take_lock()
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self._make_cgroups()
        await self._spawner.start()
        await self._exporter.start()
        self._controllers.start()
        self._autoscalers.start()
        self._tasks.start("controllers", self._reconcile)
        self._tasks.start("autoscalers", self._autoscale)
        self._tasks.start("scheduler", self._schedule)
        self._tasks.start("nodes", self._keeper.watch)

    async def stop(self) -> None:
        """Kill everything, remove the control groups. May be called again, and after a failure.

        What was attached to :attr:`system_cgroup` is killed, too: stop Prometheus before.
        """
        if self._lock is None:
            return
        await self._tasks.cancel()
        await self._pods.tasks.cancel()
        for run in self._kubelet.runs.values():
            await run.tasks.cancel()
        await self._exporter.stop()
        await self._spawner.stop()
        await asyncio.to_thread(self._remove_cgroups)
        self._lock.close()
        self._lock = None

    def rollout(
        self, workload: str, *, image: str | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Roll a new revision out, one pod at a time; it stops at the first that is not ready."""
        self._controllers.rollout(workload, image=image, env=env)

    def rollback(self, workload: str) -> None:
        """Return to the revision before."""
        self._controllers.rollback(workload)

    def scale(self, workload: str, replicas: int) -> None:
        """Want another number of pods."""
        self._controllers.scale(workload, replicas, by="operator")

    def delete_pod(self, key: str) -> None:
        """Delete a pod; its controller makes another."""
        self._pods.delete(self.pods[key])

    def kill_container(self, key: str, *, signal: int = 9) -> None:
        """Send a signal to a pod's processes from outside."""
        self._kubelet.signal(self.pods[key], signal)

    def lose_node(self, node: str, *, lost: bool) -> None:
        """Silence a node, or let it be heard again."""
        self._keeper.lose(node, lost=lost)

    async def _reconcile(self) -> None:
        while True:
            await asyncio.sleep(self._timing.reconcile_seconds)
            self._controllers.reconcile()

    async def _schedule(self) -> None:
        while True:
            await asyncio.sleep(self._timing.scheduling_retry_seconds)
            self._pods.place_waiting()

    async def _autoscale(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            self._autoscalers.step()

    def _take_lock(self) -> None:
        self._lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._lock.bind(f"\0{cgroups.LAB}/{self.name}")  # freed by the kernel, even in a crash
        except OSError as error:
            self._lock.close()
            self._lock = None
            raise LabRefused(
                f"A cluster named {self.name!r} runs already.",
                hint="Stop it, or choose another name.",
            ) from error

    def _make_cgroups(self) -> None:
        self._cgroup.kill(spare={os.getpid()})
        self._cgroup.remove()
        self._cgroup.parent().create(Limits(cpu_shares=LAB_SHARES))
        self._cgroup.create()
        for node in self.nodes.values():
            shares = Limits(cpu_shares=round(1024 * node.spec.cpu_cores))
            self._kubelet.node_cgroup(node.spec.name).create(shares)
        self._home = cgroups.original_process_files(os.getpid(), self._top)
        self.system_cgroup.create(Limits(cpu_shares=SYSTEM_SHARES))
        self.system_cgroup.attach(os.getpid())

    def _remove_cgroups(self) -> None:
        for path in self._home:
            path.write_text(str(os.getpid()))
        self._cgroup.kill(spare={os.getpid()})
        if self._cgroup.remove():
            self._cgroup.parent().try_remove()

"""The life of one container: wait, start, probe, end, back off, and again."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.node_agent import probes
from lab.node_agent.cgroup import Cgroup, Limits
from lab.node_agent.journal import Journal
from lab.node_agent.spawner import Launch, Process, Spawner
from lab.node_agent.state import FailureCause, Phase, Pod
from lab.node_agent.supervision import in_thread
from lab.node_agent.timing import Timing, next_backoff

FIRST_PORT = 8080
KILLED = 128 + signal.SIGKILL
LOG_CAP_BYTES = 1 << 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all containers of a cluster share."""

    spawner: Spawner
    journal: Journal
    timing: Timing
    rng: random.Random
    starts: asyncio.Semaphore
    log_dir: Path


@dataclass(slots=True, kw_only=True)
class Run:
    """One start of a container."""

    run_id: str
    cgroup: Cgroup
    started_at: float
    process: Process
    ending: Literal["", "liveness", "eviction", "deletion"] = ""
    """Why the agent ends it, if it does."""


class ContainerRunner:
    """Keeps one container running until told to stop."""

    def __init__(
        self, pod: Pod, index: int, *, pod_cgroup: Cgroup, surroundings: Surroundings
    ) -> None:
        self.pod = pod
        self.container = pod.containers[index]
        self.port = FIRST_PORT + index
        self.run: Run | None = None
        """The run under way, for the exporter."""
        self._pod_cgroup = pod_cgroup
        self._around = surroundings
        self._backoff = -1.0

    async def live(self) -> None:
        """Run until cancelled."""
        await self._wait_for_image()
        async with self._around.starts:
            await asyncio.sleep(self._draw(self._around.timing.creating_seconds))
            run = await self._start()
        while True:
            exit_code = await self._run_to_end(run)
            await self._record_end(run, exit_code)
            await self._back_off(run)
            run = await self._start()

    async def stop(self, why: Literal["deletion", "eviction"], *, grace_seconds: float) -> None:
        """End the run under way, if any; the caller has cancelled :meth:`live`."""
        run = self.run
        if run is None:
            return
        run.ending = why
        await self._terminate(run, grace_seconds)
        exit_code = await run.process.exited
        self._show_terminated("Error" if exit_code else "Completed", exit_code or 0)
        await self._clear(run)

    def signal(self, number: int) -> None:
        """Hit the process from outside, as an operator would."""
        if self.run is not None:
            self._around.spawner.signal(self.run.process, number)

    async def _wait_for_image(self) -> None:
        if not self.pod.image.endswith(":missing"):
            return
        self.container.waiting_reason = "ErrImagePull"
        self._around.journal.pod("image_pull_failed", self.pod, reason="ErrImagePull")
        backoff = 0.0
        while True:
            await asyncio.sleep(self._draw(self._around.timing.creating_seconds))
            self.container.waiting_reason = "ImagePullBackOff"
            backoff = next_backoff(backoff, 0.0, self._around.timing)
            await asyncio.sleep(backoff)
            self.container.waiting_reason = "ErrImagePull"

    async def _start(self) -> Run:
        around, spec = self._around, self.container.spec
        run_id = f"{around.rng.getrandbits(256):064x}"
        cgroup = self._pod_cgroup.child(run_id[:12])
        limits = Limits(
            memory_bytes=spec.memory_limit_bytes,
            cpu_cores=spec.cpu_limit_cores,
            cpu_shares=round(1024 * spec.cpu_request_cores),
        )
        await in_thread(self._make_groups, cgroup, limits)
        process = await around.spawner.launch(
            Launch(
                run_id=run_id,
                cgroup=cgroup,
                host=self.pod.ip,
                port=self.port,
                env=self._environ(),
                log_file=self._log_file(),
                max_open_files=spec.max_open_files,
            )
        )
        run = Run(run_id=run_id, cgroup=cgroup, started_at=around.journal.clock(), process=process)
        self._show_running(run)
        return run

    def _make_groups(self, cgroup: Cgroup, limits: Limits) -> None:
        self._pod_cgroup.create()
        cgroup.create(limits)

    def _environ(self) -> Mapping[str, str]:
        pod = self.pod
        names = {"POD_NAME": pod.name, "POD_NAMESPACE": pod.namespace, "POD_IP": pod.ip}
        return {
            "HOSTNAME": pod.name,
            "NODE_NAME": pod.node or "",
            **names,
            **self.container.spec.env,
        }

    def _log_file(self) -> Path:
        path = self._around.log_dir / f"{self.pod.namespace}_{self.pod.name}.log"
        if path.exists() and path.stat().st_size > LOG_CAP_BYTES:
            path.write_bytes(b"")
        return path

    def _show_running(self, run: Run) -> None:
        container = self.container
        self.run = run
        container.pid = run.process.started.result() if run.process.started.done() else None
        container.state, container.started_at = "running", run.started_at
        container.waiting_reason = container.terminated_reason = ""
        container.ready = container.spec.readiness is None
        if self.pod.phase is Phase.PENDING:
            self.pod.phase = Phase.RUNNING
        self._around.journal.container(
            "container_started", self.pod, container, restarts=container.restarts
        )

    async def _run_to_end(self, run: Run) -> int | None:
        watching = [asyncio.create_task(watch) for watch in self._watches(run)]
        try:
            return await asyncio.shield(run.process.exited)
        finally:
            for task in watching:
                task.cancel()

    def _watches(self, run: Run) -> list[asyncio._CoroutineLike[None]]:
        async def on_liveness(good: bool) -> None:
            if not good and not run.ending:
                run.ending = "liveness"
                await self._terminate(run, self._around.timing.grace_seconds)

        async def on_readiness(good: bool) -> None:
            self.container.ready = good

        spec = self.container.spec
        wanted = (
            ("Liveness", spec.liveness, on_liveness),
            ("Readiness", spec.readiness, on_readiness),
        )
        return [
            probes.watch(
                probe,
                kind=kind,
                container=self.container,
                address=(self.pod.ip, self.port),
                rng=self._around.rng,
                on_change=on_change,
            )
            for kind, probe, on_change in wanted
            if probe is not None
        ]

    async def _terminate(self, run: Run, grace_seconds: float) -> None:
        if grace_seconds > 0:
            self._around.spawner.signal(run.process, signal.SIGTERM)
            await asyncio.wait([run.process.exited], timeout=grace_seconds)
        self._around.spawner.signal(run.process, signal.SIGKILL)

    async def _record_end(self, run: Run, exit_code: int | None) -> None:
        oom_kills = run.cgroup.memory().oom_kills
        await self._clear(run)
        if exit_code is None:  # the lab's own zygote was lost: nobody's failure
            self._show_terminated("Error", KILLED)
            return
        self.container.oom_kills += oom_kills
        cause, reason = classify(run, exit_code, oom_kills)
        self._show_terminated(reason, exit_code)
        self._around.journal.failure(
            self.pod, self.container, cause, exit_code=exit_code, reason=reason
        )

    def _show_terminated(self, reason: str, exit_code: int) -> None:
        container = self.container
        container.state, container.terminated_reason = "terminated", reason
        container.last_terminated_reason, container.last_exit_code = reason, exit_code
        container.ready, container.pid = False, None

    async def _clear(self, run: Run) -> None:
        self.run = None
        for _ in range(100):
            if await in_thread(run.cgroup.try_remove):
                return
            await in_thread(run.cgroup.kill)
            await asyncio.sleep(0.05)
        log.warning("cgroup_stays pod=%s run=%s", self.pod.key, run.run_id)

    async def _back_off(self, run: Run) -> None:
        timing, container = self._around.timing, self.container
        await asyncio.sleep(self._draw(timing.terminated_seconds))
        ran = self._around.journal.clock() - run.started_at
        self._backoff = container.backoff_seconds = next_backoff(self._backoff, ran, timing)
        if self._backoff > 0:
            container.state, container.waiting_reason = "waiting", "CrashLoopBackOff"
            container.terminated_reason = ""
            await asyncio.sleep(self._backoff)
        container.restarts += 1

    def _draw(self, bounds: tuple[float, float]) -> float:
        return self._around.rng.uniform(*bounds)


def classify(run: Run, exit_code: int, oom_kills: int) -> tuple[FailureCause, str]:
    """Return why a run failed and the reason Kubernetes would show for it."""
    if oom_kills:
        return "oom", "OOMKilled"
    reason = "Error" if exit_code else "Completed"
    return ("liveness" if run.ending == "liveness" else "exit"), reason

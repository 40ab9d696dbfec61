"""Carries a schedule out on a running cluster, and says what really began and ended."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from lab.campaign.ledger import Active, Ledger
from lab.campaign.schedule import Injection
from lab.campaign.wide import WideActions
from lab.node_agent.state import Event, Pod

log = logging.getLogger(__name__)

PATIENCE_FACTOR = 1.8
PATIENCE_MINUTES = 4.0
"""A fault that has not failed its pod by then is cleared: planned * factor + minutes."""
GONE_CHECK_SECONDS = 3.0
RESTART_SECONDS = 400.0
"""Longest wait for a container in its back-off before a fault is sent again."""


class Toggles(Protocol):
    """Where faults are switched."""

    async def switch(self, ip: str, toggle: str, state: Mapping[str, Any] | bool) -> bool:
        """Switch one toggle of one pod."""


class Pods(Protocol):
    """What a driver needs of a cluster to hurt single pods."""

    pods: dict[str, Pod]

    def kill_container(self, key: str, *, signal: int = 9) -> None:
        """Kill from outside."""


class Driver:
    """Starts injections at their onsets and follows each to its end."""

    def __init__(
        self,
        *,
        cluster: Pods,
        wide: WideActions,
        toggles: Toggles,
        ledger: Ledger,
        record: Callable[[Event], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._wide = wide
        self._toggles = toggles
        self._ledger = ledger
        self._record = record
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, schedule: Sequence[Injection], *, minutes: float) -> None:
        """Follow the schedule for so long; what is still active then is left as it is."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            for injection in schedule:
                await asyncio.sleep(began + 60.0 * injection.onset_minutes - loop.time())
                self._spawn(self._carry_out(injection), injection.id)
            await asyncio.sleep(began + 60.0 * minutes - loop.time())
        finally:
            await self._cancel()

    async def _cancel(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Awaitable[None], name: str) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """An injection that breaks must not end the campaign, nor pass in silence."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("injection broke id=%s", task.get_name(), exc_info=error)

    async def _carry_out(self, injection: Injection) -> None:
        action = injection.row.action
        if action == "node_pressure":
            await self._press_node(injection)
        elif action in {"toggle", "kill"}:
            pod = self._pick(injection)
            if pod is None:
                self._ledger.tally.skipped += 1
                log.info("no free pod id=%s kind=%s", injection.id, injection.kind)
                return
            await self._hurt(pod, injection)
        else:
            await self._wide.carry_out(injection)

    async def _press_node(self, injection: Injection) -> None:
        """Several pods of the small node leak together."""
        group = await self._wide.plan_node_pressure(injection, free=self._is_free)
        await asyncio.gather(*(self._hurt(pod, member) for pod, member in group))

    def _pick(self, injection: Injection) -> Pod | None:
        pods = [
            pod
            for _, pod in sorted(self._cluster.pods.items())
            if f"{pod.namespace}/{pod.workload}" == injection.workload and is_up(pod)
        ]
        if not pods:
            return None
        pod = pods[injection.slot % len(pods)]
        return pod if injection.overlap or self._is_free(pod) else None

    def _is_free(self, pod: Pod) -> bool:
        return is_up(pod) and not self._ledger.is_busy(pod.uid)

    async def _hurt(self, pod: Pod, injection: Injection) -> None:
        """Send an injection, and again after a restart as often as it repeats."""
        for attempt in range(injection.repeats + 1):
            active = Active(injection=injection, subject=pod.uid, attempt=attempt)
            self._ledger.begin(active)
            try:
                outcome = await self._once(pod, active)
            finally:
                self._ledger.end(active)
            if outcome != "failed" or attempt == injection.repeats:
                return
            if not await self._wait_up_again(pod):
                return

    async def _once(self, pod: Pod, active: Active) -> str:
        if not await self._begin(pod, active):
            log.info("could not begin id=%s pod=%s", active.injection.id, pod.key)
            return "not_begun"
        outcome = await self._follow(pod, active)
        if outcome == "over":
            outcome = "recovered" if active.injection.row.benign else "survived"
            await self._toggles.switch(pod.ip, active.injection.row.toggle, False)
        self._say(pod, active, "ended", outcome=outcome)
        return outcome

    async def _begin(self, pod: Pod, active: Active) -> bool:
        """Start it; one that killed the app before its answer was read has begun, too."""
        row = active.injection.row
        active.started_at = self._clock()
        if row.action == "kill":
            self._say(pod, active, "started")
            self._cluster.kill_container(pod.key)
            return True
        obeyed = await self._toggles.switch(pod.ip, row.toggle or "memory_leak", self._body(active))
        if obeyed and not active.failed.is_set():
            active.started_at = self._clock()
        if obeyed or active.failed.is_set():
            self._say(pod, active, "started")
            return True
        return False

    def _body(self, active: Active) -> Mapping[str, Any] | bool:
        """Return the parameters; the app ends a look-alike too, should the driver be late."""
        params = dict(active.injection.params)
        if active.injection.row.benign:
            params["duration_seconds"] = round(60.0 * active.injection.minutes, 1)
        return params or True

    async def _follow(self, pod: Pod, active: Active) -> str:
        """Wait for a failure, the end of the patience, or of the pod."""
        minutes = active.injection.minutes
        if not active.injection.row.benign:
            minutes = PATIENCE_FACTOR * minutes + PATIENCE_MINUTES
        until = self._clock() + 60.0 * minutes
        while (left := until - self._clock()) > 0:
            try:
                await asyncio.wait_for(active.failed.wait(), min(left, GONE_CHECK_SECONDS))
            except TimeoutError:
                if not self._exists(pod):
                    return "pod_gone"
            else:
                return "failed"
        return "over"

    async def _wait_up_again(self, pod: Pod) -> bool:
        until = self._clock() + RESTART_SECONDS
        while self._clock() < until and self._exists(pod):
            await asyncio.sleep(1.0)
            if is_up(pod):
                return True
        return False

    def _exists(self, pod: Pod) -> bool:
        found = self._cluster.pods.get(pod.key)
        return found is not None and found.uid == pod.uid and not found.deleting

    def _say(self, pod: Pod, active: Active, verb: str, **detail: str) -> None:
        injection = active.injection
        prefix = "benign" if injection.row.benign else "fault"
        if verb == "started" and active.attempt == 0:
            self._ledger.tally.started[injection.kind] += 1
        self._record(
            Event(
                at=active.started_at if verb == "started" else self._clock(),
                kind=f"{prefix}_{verb}",
                namespace=pod.namespace,
                pod=pod.name,
                uid=pod.uid,
                workload=pod.workload,
                node=pod.node or "",
                detail={
                    "injection": injection.id,
                    "injection_kind": injection.kind,
                    "attempt": active.attempt,
                    "planned_minutes": round(injection.minutes, 2),
                    "params": dict(injection.params),
                    "sudden": injection.row.sudden,
                    **detail,
                },
            )
        )


def is_up(pod: Pod) -> bool:
    """Whether all containers run and are ready."""
    return not pod.deleting and all(c.state == "running" and c.ready for c in pod.containers)

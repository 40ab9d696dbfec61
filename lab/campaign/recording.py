"""One run from start to end: cluster, Prometheus, load, schedule, ground truth."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from lab.campaign.driver import Driver
from lab.campaign.events import JsonLines
from lab.campaign.ledger import Ledger
from lab.campaign.machine import current_commit, machine_facts, watch_machine
from lab.campaign.mixes import MIXES
from lab.campaign.prometheus import Prometheus, PrometheusSettings, find_binary
from lab.campaign.schedule import Frame, Injection, draw_schedule, outlook
from lab.campaign.toggles import FailureToggles
from lab.campaign.wide import WideActions
from lab.campaign.workloads import ClusterPlan, draw_cluster
from lab.errors import LabRefused
from lab.node_agent.cluster import Cluster
from lab.node_agent.state import Event

log = logging.getLogger(__name__)

AVAILABLE = re.compile(r"^node_memory_MemAvailable_bytes(?:\{.*\})? (\S+)", re.MULTILINE)
LOAD_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What one run is told; written to ``run.json`` beside its data."""

    name: str
    seed: int
    mix: str
    pods: int
    minutes: float | None
    """None: until interrupted, without faults."""
    run_dir: Path
    ip_prefix: str
    listen_port: int
    prometheus_port: int
    load_scale: float = 1.0
    compress: float = 1.0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**dataclasses.asdict(self), "run_dir": str(self.run_dir)}


@dataclass(slots=True)
class Run:
    """A run under way, as the progress display sees it."""

    settings: RunSettings
    cluster: Cluster
    ledger: Ledger
    started_at: float
    outcome: str = "interrupted"
    ended_at: float | None = None
    """When the schedule was over; what follows is tidying up."""

    @property
    def elapsed_minutes(self) -> float:
        """Minutes since the cluster was started."""
        return (time.time() - self.started_at) / 60.0

    @property
    def running_pods(self) -> int:
        """Pods all of whose containers run."""
        return sum(
            all(c.state == "running" for c in pod.containers) for pod in self.cluster.pods.values()
        )


Watcher = Callable[[Run], contextlib.AbstractAsyncContextManager[None]]


def plan_run(settings: RunSettings, now: float) -> tuple[ClusterPlan, tuple[Injection, ...]]:
    """Draw the cluster and the schedule; the same seed gives the same."""
    mix = MIXES[settings.mix]
    plan = draw_cluster(Random(f"{settings.seed}/cluster"), pods=settings.pods, mix=mix, now=now)
    rates = {k: v * settings.load_scale for k, v in plan.requests_per_second.items()}
    plan = dataclasses.replace(plan, requests_per_second=rates)
    if settings.minutes is None:
        return plan, ()
    frame = Frame(plan=plan, mix=mix, minutes=settings.minutes, compress=settings.compress)
    return plan, draw_schedule(Random(f"{settings.seed}/schedule"), frame)


async def execute(settings: RunSettings, watch: Watcher) -> None:
    """Run until the time is over, or until SIGINT or SIGTERM, and clean up in any case."""
    find_binary()
    if (settings.run_dir / "events.jsonl").exists():
        raise LabRefused(
            f"{settings.run_dir} holds a recording already.",
            hint="Choose another --name, or move the folder away.",
        )
    work = asyncio.create_task(_record(settings, watch))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work


async def _record(settings: RunSettings, watch: Watcher) -> None:
    plan, schedule = plan_run(settings, time.time())
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    _write_plan(settings, plan, schedule)
    ledger = Ledger()
    with (
        JsonLines(settings.run_dir / "events.jsonl") as events,
        JsonLines(settings.run_dir / "machine.jsonl") as machine,
    ):
        cluster = _make_cluster(settings, plan, ledger, events)
        run = Run(settings, cluster, ledger, started_at=time.time())
        events.write_event(_campaign_started(run, plan, schedule))
        try:
            await _run_all(run, schedule, watch, events, machine)
        except LabRefused:
            (settings.run_dir / "events.jsonl").unlink()  # nothing ran: the folder is free again
            raise
        finally:
            events.write_event(_campaign_ended(run))


async def _run_all(
    run: Run,
    schedule: tuple[Injection, ...],
    watch: Watcher,
    events: JsonLines,
    machine: JsonLines,
) -> None:
    """Everything that has to be stopped again, stopped in reverse order."""
    settings = run.settings
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(run.cluster.stop)
        await run.cluster.start()
        prometheus = Prometheus(
            PrometheusSettings(
                port=settings.prometheus_port,
                agent_port=settings.listen_port,
                run_dir=settings.run_dir,
            )
        )
        stack.push_async_callback(prometheus.stop)
        await prometheus.start()
        await stack.enter_async_context(_load(settings))
        await stack.enter_async_context(_in_background(watch_machine(machine)))
        session = await stack.enter_async_context(_make_session())
        await stack.enter_async_context(watch(run))
        if settings.minutes is None:
            await asyncio.Event().wait()
        else:
            driver = _make_driver(run, session, events)
            await driver.run(schedule, minutes=settings.minutes)
            run.outcome, run.ended_at = "complete", time.time()


def _make_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))


def _make_cluster(
    settings: RunSettings, plan: ClusterPlan, ledger: Ledger, events: JsonLines
) -> Cluster:
    def on_event(event: Event) -> None:
        events.write_event(ledger.explain(event) if event.kind == "failure" else event)

    return Cluster(
        name=settings.name,
        nodes=plan.nodes,
        workloads=plan.workloads,
        run_dir=settings.run_dir,
        ip_prefix=settings.ip_prefix,
        listen_port=settings.listen_port,
        on_event=on_event,
        rng=Random(f"{settings.seed}/agent"),
    )


def _make_driver(run: Run, session: aiohttp.ClientSession, events: JsonLines) -> Driver:
    settings = run.settings

    async def available_bytes(node: str) -> float | None:
        url = f"http://127.0.0.1:{settings.listen_port}/metrics/node/{node}"
        async with session.get(url) as answer:
            found = AVAILABLE.search(await answer.text())
        return float(found[1]) if found else None

    rng = Random(f"{settings.seed}/driver")
    wide = WideActions(
        cluster=run.cluster,
        ledger=run.ledger,
        record=events.write_event,
        available_bytes=available_bytes,
        rng=rng,
    )
    return Driver(
        cluster=run.cluster,
        wide=wide,
        toggles=FailureToggles(session),
        ledger=run.ledger,
        record=events.write_event,
    )


@contextlib.asynccontextmanager
async def _load(settings: RunSettings) -> AsyncIterator[None]:
    """Run the load as a child process; it inherits the lab's own cgroup."""
    with (settings.run_dir / "load.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "lab.campaign.load",
            f"--discovery-url=http://127.0.0.1:{settings.listen_port}/sd/pods",
            f"--rates={settings.run_dir / 'rates.json'}",
            f"--seed={settings.seed}",
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), LOAD_STOP_SECONDS)
        except TimeoutError:
            process.kill()


@contextlib.asynccontextmanager
async def _in_background(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _write_plan(settings: RunSettings, plan: ClusterPlan, schedule: tuple[Injection, ...]) -> None:
    def write(name: str, value: object) -> None:
        text = json.dumps(value, indent=1, default=str)
        (settings.run_dir / name).write_text(text + "\n", encoding="utf-8")

    write("run.json", settings.as_json())
    write("rates.json", dict(plan.requests_per_second))
    write("cluster.json", dataclasses.asdict(plan))
    write("schedule.json", [dataclasses.asdict(injection) for injection in schedule])


def _campaign_started(run: Run, plan: ClusterPlan, schedule: tuple[Injection, ...]) -> Event:
    settings = run.settings
    planned = outlook(schedule, pods=plan.pods, minutes=settings.minutes or 1.0)
    return Event(
        at=run.started_at,
        kind="campaign_started",
        detail={
            **settings.as_json(),
            "commit": current_commit(),
            "machine": machine_facts(),
            "outlook": dataclasses.asdict(planned),
        },
    )


def _campaign_ended(run: Run) -> Event:
    tally = run.ledger.tally
    return Event(
        at=run.ended_at or time.time(),
        kind="campaign_ended",
        reason=run.outcome,
        detail={
            "failures": dict(tally.failures),
            "first_failures": dict(tally.first_failures),
            "unexplained": tally.unexplained,
            "started": dict(tally.started),
            "skipped": tally.skipped,
        },
    )

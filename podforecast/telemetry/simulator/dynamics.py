"""How pods get on from one sample to the next: causes first, then what follows from them.

Load drives CPU, CPU drives response times, response times fail probes, probes get containers
killed; memory is killed at its limit. Nothing is written into a signal that no cause led to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from podforecast.domain.issues import IssueType
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import Array
from podforecast.telemetry.simulator.nodes import Nodes
from podforecast.telemetry.simulator.plan import (
    BATCH,
    CACHE,
    CPU,
    DESCRIPTORS,
    MEMORY,
    SAWTOOTH,
    TROUBLES,
    FleetPlan,
)
from podforecast.telemetry.simulator.sample import Kept, Sample, signals_of

STEP_SECONDS = 15.0
PROBE_TIMEOUT_MS = 1000.0
PROBES_PER_STEP = 1.5
"""One every ten seconds."""
FAILURES_TO_KILL = 3.0
ENDED_ERROR, ENDED_OOM = 2.0, 3.0
BACK_OFF_STEPS = (1, 2, 3, 6, 11, 20)
"""10 s doubled up to 5 min, and the start itself."""
BATCH_SHARE = 0.2
"""Of its period that a batch runs."""
DESCRIPTORS_IN_ALL = 1024.0
_POD, _RESOURCE, _NETWORK, _SERVICE = (
    TROUBLES.index(issue)
    for issue in (
        IssueType.POD_FAILURE,
        IssueType.RESOURCE_EXHAUSTION,
        IssueType.NETWORK_ISSUE,
        IssueType.SERVICE_DISRUPTION,
    )
)


class Dynamics:
    """A fleet in time; call :meth:`steps` once.

    Parameters
    ----------
    plan
        What goes wrong when.
    rng
        For everything that varies by itself.
    """

    def __init__(self, plan: FleetPlan, *, rng: np.random.Generator) -> None:
        n_pods = len(plan.pods)
        self._plan, self._rng = plan, rng
        self._minute = 0.0
        self._swing = np.zeros(int(plan.cluster.max(initial=0)) + 1)
        self._wobble = np.zeros(n_pods)
        self._started = -plan.age_minutes
        self._down = np.zeros(n_pods, dtype=np.int64)
        self._kept = Kept.at_the_start(n_pods)
        self._streak = np.zeros(n_pods)
        """Failed liveness probes in a row."""
        self.nodes = Nodes(plan.nodes, rng=rng)
        self.failed_at: Array = np.full(n_pods, np.nan)
        """Minute of the first failure, NaN before."""

    def steps(self, n_times: int) -> Iterator[Mapping[str, Array]]:
        """Yield the signals of each sample, (n_pods,) each; unknown while a container is down."""
        for _ in range(n_times):
            yield self._step()
            self._minute += STEP_SECONDS / 60.0

    def _step(self) -> Mapping[str, Array]:
        plan = self._plan
        up = self._down == 0
        depth = self._depth()
        load = self._load()
        cpu, throttled = self._cpu(load, depth)
        memory = self._memory(load, depth)
        self.nodes.step(np.where(up, cpu, 0.0) * plan.limit_cores,
                        np.where(up, memory, 0.0) * plan.limit_bytes)  # fmt: skip
        latency = self._latency(cpu, throttled, depth)
        descriptors = self._descriptors(load, latency, depth)
        errors = self._error_share(latency, descriptors, depth)
        due = self._probe(up, (latency > PROBE_TIMEOUT_MS) | (descriptors >= 1.0), errors)
        sample = Sample(
            up=up, age_minutes=self._minute - self._started, load=load, cpu=cpu,
            throttled=throttled, memory=memory, latency_ms=latency, errors=errors,
            descriptors=descriptors, drops=np.where(plan.trouble == _NETWORK, 20.0 * depth, 0.0),
        )  # fmt: skip
        signals = signals_of(sample, self._kept, plan, self.nodes, rng=self._rng)
        self._end(up, memory, due, depth)
        return signals

    def _depth(self) -> Array:
        """How far each trouble has come: 0 before, 1 where it ends in a failure, (n_pods,)."""
        plan = self._plan
        # A restart clears what the container had piled up, but not the reason why it did.
        since = self._minute - np.maximum(plan.begins, self._started)
        return np.clip(since / plan.lasts, 0.0, 1.5)

    def _exhausts(self, resource: int, depth: Array) -> Array:
        """How far a resource of each pod is on its way to its end; 0 for other troubles."""
        plan = self._plan
        return np.where((plan.trouble == _RESOURCE) & (plan.resource == resource), depth, 0.0)

    def _load(self) -> Array:
        rng, plan = self._rng, self._plan
        self._swing = 0.97 * self._swing + rng.normal(0.0, 0.03, len(self._swing))
        self._wobble = 0.8 * self._wobble + rng.normal(0.0, 0.04, len(self._wobble))
        return np.clip(1.0 + self._swing[plan.cluster] + self._wobble, 0.3, 2.5)

    def _turn(self) -> Array:
        """Where each pod is in its period, in [0, 1)."""
        return (self._minute / self._plan.period_minutes + self._plan.phase) % 1.0

    def _cpu(self, load: Array, depth: Array) -> tuple[Array, Array]:
        plan = self._plan
        at_work = (plan.pattern == BATCH) & (self._turn() < BATCH_SHARE)
        usual = np.where(at_work, np.maximum(plan.cpu * load, plan.burst), plan.cpu * load)
        wanted = usual + 1.3 * self._exhausts(CPU, depth)
        throttled = np.clip(2.5 * (wanted - 0.75), 0.0, 1.0)
        return np.minimum(wanted, 1.0), throttled

    def _memory(self, load: Array, depth: Array) -> Array:
        plan = self._plan
        filled = 1.0 - np.exp((self._started - self._minute) / plan.period_minutes)
        usual = plan.memory * (1.0 + 0.05 * (load - 1.0))
        usual += plan.swing * np.where(plan.pattern == SAWTOOTH, self._turn(), 0.0)
        usual += plan.swing * np.where(plan.pattern == CACHE, filled, 0.0)
        return np.minimum(usual + (1.0 - plan.memory) * self._exhausts(MEMORY, depth), 1.0)

    def _latency(self, cpu: Array, throttled: Array, depth: Array) -> Array:
        plan, rng = self._plan, self._rng
        queueing = plan.latency_ms / np.maximum(1.0 - cpu, 0.05) * (1.0 + 40.0 * throttled**2)
        waiting = np.where(plan.trouble == _NETWORK, 1500.0 * depth**2, 0.0)
        noise = rng.lognormal(0.0, 0.08, len(cpu))
        return (queueing + waiting) * noise

    def _descriptors(self, load: Array, latency: Array, depth: Array) -> Array:
        plan = self._plan
        in_flight = plan.requests * load * latency / 1e3
        leaked = (1.0 - plan.descriptors) * self._exhausts(DESCRIPTORS, depth)
        return np.minimum(plan.descriptors + in_flight / DESCRIPTORS_IN_ALL + leaked, 1.0)

    def _error_share(self, latency: Array, descriptors: Array, depth: Array) -> Array:
        plan = self._plan
        broken = np.where(plan.trouble == _SERVICE, 0.7 * depth, 0.0)
        broken += np.where(plan.trouble == _POD, 0.1 * np.clip(depth - 0.8, 0.0, None), 0.0)
        broken += np.where(descriptors >= 1.0, 0.5, 0.0)
        timed_out = np.clip((latency - PROBE_TIMEOUT_MS) / 2000.0, 0.0, 0.6)
        usual = 0.002 * self._rng.random(len(latency))
        return np.clip(usual + broken + timed_out, 0.0, 1.0)

    def _probe(self, up: Mask, deaf: Mask, errors: Array) -> Mask:
        """Probe all, and tell whose liveness has failed too often in a row."""
        silent = up & deaf
        kept = self._kept
        kept.liveness_failures += np.where(silent, PROBES_PER_STEP, 0.0)
        unready = silent | (up & (errors > 0.3))
        kept.readiness_failures += np.where(unready, PROBES_PER_STEP, 0.0)
        self._streak = np.where(silent, self._streak + PROBES_PER_STEP, 0.0)
        due: Mask = self._streak >= FAILURES_TO_KILL
        return due

    def _end(self, up: Mask, memory: Array, due: Mask, depth: Array) -> None:
        """End what is due, and start what has waited long enough."""
        trouble, kept = self._plan.trouble, self._kept
        oom = up & (memory >= 1.0)
        exits = up & np.isin(trouble, (_POD, _SERVICE)) & (depth >= 1.0)
        ends = oom | (up & due) | exits
        waited = ~up
        self._down[waited] -= 1
        fresh = waited & (self._down == 0)
        self._started[fresh] = self._minute
        if not ends.any():
            return
        again = np.minimum(kept.restarts[ends].astype(np.int64), len(BACK_OFF_STEPS) - 1)
        self._down[ends] = np.array(BACK_OFF_STEPS)[again]
        kept.last_end[ends] = np.where(oom[ends], ENDED_OOM, ENDED_ERROR)
        kept.restarts[ends] += 1
        self._streak[ends] = 0.0
        first = ends & np.isnan(self.failed_at)
        self.failed_at[first] = self._minute

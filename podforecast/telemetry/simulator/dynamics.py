"""How pods get on from one sample to the next: causes first, then what follows from them.

Load drives CPU, CPU drives response times, response times fail probes, probes get containers
killed; memory is killed at its limit. Nothing is written into a signal that no cause led to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from podforecast.domain.issues import IssueType
from podforecast.domain.pods import PodStatus
from podforecast.domain.tables import Mask
from podforecast.domain.telemetry import Array
from podforecast.telemetry.simulator.plan import TROUBLES, FleetPlan

STEP_SECONDS = 15.0
PROBE_TIMEOUT_MS = 1000.0
PROBES_PER_STEP = 1.5
"""One every ten seconds."""
FAILURES_TO_KILL = 3.0
ENDED_COMPLETED, ENDED_ERROR, ENDED_OOM = 1.0, 2.0, 3.0
BACK_OFF_STEPS = (1, 2, 3, 6, 11, 20)
"""10 s doubled up to 5 min, and the start itself."""
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
        self._ended = np.zeros(n_pods)
        self._restarts = np.zeros(n_pods)
        self._streak = np.zeros(n_pods)
        """Failed liveness probes in a row."""
        self._liveness = np.zeros(n_pods)
        self._readiness = np.zeros(n_pods)
        self.failed_at: Array = np.full(n_pods, np.nan)
        """Minute of the first failure, NaN before."""

    def steps(self, n_times: int) -> Iterator[Mapping[str, Array]]:
        """Yield the signals of each sample, (n_pods,) each; unknown while a container is down."""
        for _ in range(n_times):
            yield self._step()
            self._minute += STEP_SECONDS / 60.0

    def _step(self) -> Mapping[str, Array]:
        up = self._down == 0
        depth = self._depth()
        load = self._load()
        cpu, throttled = self._cpu(load, depth)
        memory = self._memory(load, depth)
        latency = self._latency(cpu, throttled, depth)
        errors = self._error_share(latency, depth)
        slow = self._probe(up, latency, errors)
        signals = self._signals(up, load, cpu, throttled, memory, latency, errors)
        self._end(up, memory, slow, depth)
        return signals

    def _depth(self) -> Array:
        """How far each trouble has come: 0 before, 1 where it ends in a failure, (n_pods,)."""
        plan = self._plan
        # A restart clears what the container had piled up, but not the reason why it did.
        since = self._minute - np.maximum(plan.begins, self._started)
        return np.clip(since / plan.lasts, 0.0, 1.5)

    def _load(self) -> Array:
        rng, plan = self._rng, self._plan
        self._swing = 0.97 * self._swing + rng.normal(0.0, 0.03, len(self._swing))
        self._wobble = 0.8 * self._wobble + rng.normal(0.0, 0.04, len(self._wobble))
        return np.clip(1.0 + self._swing[plan.cluster] + self._wobble, 0.3, 2.5)

    def _cpu(self, load: Array, depth: Array) -> tuple[Array, Array]:
        plan = self._plan
        ramp = np.where((plan.trouble == _RESOURCE) & plan.by_cpu, 1.3 * depth, 0.0)
        wanted = plan.cpu * load + ramp
        throttled = np.clip(2.5 * (wanted - 0.75), 0.0, 1.0)
        return np.minimum(wanted, 1.0), throttled

    def _memory(self, load: Array, depth: Array) -> Array:
        plan = self._plan
        leak = np.where((plan.trouble == _RESOURCE) & ~plan.by_cpu, depth, 0.0)
        rest = plan.memory * (1.0 + 0.05 * (load - 1.0))
        return np.minimum(rest + (1.0 - plan.memory) * leak, 1.0)

    def _latency(self, cpu: Array, throttled: Array, depth: Array) -> Array:
        plan, rng = self._plan, self._rng
        queueing = plan.latency_ms / np.maximum(1.0 - cpu, 0.05) * (1.0 + 40.0 * throttled**2)
        waiting = np.where(plan.trouble == _NETWORK, 1500.0 * depth**2, 0.0)
        noise = rng.lognormal(0.0, 0.08, len(cpu))
        return (queueing + waiting) * noise

    def _error_share(self, latency: Array, depth: Array) -> Array:
        plan = self._plan
        broken = np.where(plan.trouble == _SERVICE, 0.7 * depth, 0.0)
        broken += np.where(plan.trouble == _POD, 0.1 * np.clip(depth - 0.8, 0.0, None), 0.0)
        timed_out = np.clip((latency - PROBE_TIMEOUT_MS) / 2000.0, 0.0, 0.6)
        usual = 0.002 * self._rng.random(len(latency))
        return np.clip(usual + broken + timed_out, 0.0, 1.0)

    def _probe(self, up: Mask, latency: Array, errors: Array) -> Mask:
        """Probe all, and tell whose liveness has failed too often in a row."""
        slow = up & (latency > PROBE_TIMEOUT_MS)
        self._liveness += np.where(slow, PROBES_PER_STEP, 0.0)
        self._readiness += np.where(slow | (up & (errors > 0.3)), PROBES_PER_STEP, 0.0)
        self._streak = np.where(slow, self._streak + PROBES_PER_STEP, 0.0)
        killed: Mask = self._streak >= FAILURES_TO_KILL
        return killed

    def _end(self, up: Mask, memory: Array, slow: Mask, depth: Array) -> None:
        """End what is due, and start what has waited long enough."""
        trouble = self._plan.trouble
        oom = up & (memory >= 1.0)
        exits = up & np.isin(trouble, (_POD, _SERVICE)) & (depth >= 1.0)
        ends = oom | (up & slow) | exits
        waited = ~up
        self._down[waited] -= 1
        fresh = waited & (self._down == 0)
        self._started[fresh] = self._minute
        if not ends.any():
            return
        again = np.minimum(self._restarts[ends].astype(np.int64), len(BACK_OFF_STEPS) - 1)
        self._down[ends] = np.array(BACK_OFF_STEPS)[again]
        self._ended[ends] = np.where(oom[ends], ENDED_OOM, ENDED_ERROR)
        self._restarts[ends] += 1
        self._streak[ends] = 0.0
        first = ends & np.isnan(self.failed_at)
        self.failed_at[first] = self._minute

    def _signals(  # noqa: PLR0913 - the columns of one sample
        self, up: Mask, load: Array, cpu: Array, throttled: Array, memory: Array, latency: Array,
        errors: Array,
    ) -> Mapping[str, Array]:  # fmt: skip
        plan, rng = self._plan, self._rng
        served = plan.requests * load
        waiting = np.where(self._restarts > 2, PodStatus.CRASH_LOOP_BACK_OFF.code,
                           PodStatus.CONTAINER_CREATING.code)  # fmt: skip
        sent = served * 2e3 * rng.lognormal(0.0, 0.05, len(load))
        of_container = {
            "cpu_usage_ratio": cpu,
            "cpu_throttled_ratio": throttled,
            "memory_usage_ratio": memory,
            "memory_working_set_bytes": memory * plan.limit_bytes,
            "container_age_minutes": self._minute - self._started,
            "request_rate": served,
            "server_error_rate": served * errors,
            "latency_p95_ms": 2.2 * latency,
            "latency_mean_ms": latency,
            "error_log_lines_per_min": 60.0 * served * errors,
            "scrape_seconds": 0.004 + latency / 1e4,
            "open_fds_ratio": plan.descriptors + served * latency / 1e3 / 1024.0,
            "network_receive_bytes_per_s": sent,
            "network_transmit_bytes_per_s": 3.0 * sent,
            "network_drops_per_s": np.where(plan.trouble == _NETWORK, 20.0 * self._depth(), 0.0),
        }
        known = {name: np.where(up, values, np.nan) for name, values in of_container.items()}
        return known | {
            "memory_limit_bytes": plan.limit_bytes,
            "restarts": self._restarts.copy(),
            "restart_count_24h": self._restarts.copy(),
            "workload_failures_7d": self._restarts.copy(),
            "status_code": np.where(up, float(PodStatus.RUNNING.code), waiting),
            "last_termination_code": self._ended.copy(),
            "containers_ready_ratio": np.where(up & (errors <= 0.3), 1.0, 0.0),
            "liveness_failures": self._liveness.copy(),
            "readiness_failures": self._readiness.copy(),
            "scrape_up": up.astype(np.float64),
        }

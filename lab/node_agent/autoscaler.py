"""Horizontal pod autoscalers on mean CPU, with the tolerance and stabilization of the real one."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.node_agent.controllers import Controllers, Workload, is_ready
from lab.node_agent.kubelet import Kubelet
from lab.node_agent.state import AutoscalerSpec, Pod

TOLERANCE = 0.1  # kube-controller-manager --horizontal-pod-autoscaler-tolerance
SAMPLE_SECONDS = 15.0  # metrics-server --metric-resolution


def desired_replicas(current: int, cpu_share: float, spec: AutoscalerSpec) -> int:
    """Return the replicas that would bring the mean CPU share to its target.

    >>> spec = AutoscalerSpec(min_replicas=2, max_replicas=6)
    >>> [desired_replicas(3, share, spec) for share in (0.2, 0.63, 0.9, 2.0)]
    [2, 3, 5, 6]
    """
    ratio = cpu_share / spec.target_cpu_share
    wanted = current if abs(ratio - 1) <= TOLERANCE else math.ceil(current * ratio)
    return max(spec.min_replicas, min(spec.max_replicas, wanted))


@dataclass(slots=True)
class Autoscaler:
    """One autoscaler and what it remembers."""

    spec: AutoscalerSpec
    desired: int
    last_decision: float = 0.0
    advice: deque[tuple[float, int]] = field(default_factory=deque)
    """Instant and replicas of past calculations, for the stabilization window."""


@dataclass(slots=True, kw_only=True)
class Autoscalers:
    """All autoscalers of the cluster."""

    controllers: Controllers
    kubelet: Kubelet
    clock: Callable[[], float]
    window_seconds: float
    table: dict[str, Autoscaler] = field(default_factory=dict)
    """By workload, ``namespace/name``."""
    _samples: dict[str, deque[tuple[float, float]]] = field(default_factory=dict)

    def start(self) -> None:
        """Take over the workloads that have one."""
        for key, workload in self.controllers.workloads.items():
            if workload.spec.autoscaler is not None:
                self.table[key] = Autoscaler(workload.spec.autoscaler, workload.spec.replicas)

    def step(self) -> None:
        """Sample CPU usage; decide where a decision is due."""
        now = self.clock()
        seen: set[str] = set()
        for key, scaler in self.table.items():
            workload = self.controllers.workloads[key]
            pods = [pod for pod in self.controllers.pods_of(workload) if is_ready(pod)]
            seen.update(pod.uid for pod in pods)
            shares = [share for pod in pods if (share := self._cpu_share(pod, now)) is not None]
            if shares and now - scaler.last_decision >= scaler.spec.period_seconds:
                scaler.last_decision = now
                self._decide(key, workload, scaler, sum(shares) / len(shares))
        for uid in self._samples.keys() - seen:
            del self._samples[uid]

    def _decide(self, key: str, workload: Workload, scaler: Autoscaler, share: float) -> None:
        now = self.clock()
        current = workload.spec.replicas
        scaler.advice.append((now, desired_replicas(current, share, scaler.spec)))
        while scaler.advice[0][0] < now - scaler.spec.scale_down_stabilization_seconds:
            scaler.advice.popleft()
        latest = scaler.advice[-1][1]
        highest = max(replicas for _, replicas in scaler.advice)
        scaler.desired = latest if latest >= current else min(current, highest)
        self.controllers.scale(key, scaler.desired, by="autoscaler")

    def _cpu_share(self, pod: Pod, now: float) -> float | None:
        run = self.kubelet.runs.get(pod.uid)
        if run is None:
            return None
        samples = self._samples.setdefault(pod.uid, deque())
        samples.append((now, run.cgroup.cpu().usage_seconds))
        while len(samples) > 2 and samples[1][0] <= now - self.window_seconds:
            samples.popleft()
        (first_at, first), (last_at, last) = samples[0], samples[-1]
        if last_at - first_at < SAMPLE_SECONDS / 2:
            return None
        limit = sum(container.spec.cpu_limit_cores for container in pod.containers)
        return (last - first) / (last_at - first_at) / limit

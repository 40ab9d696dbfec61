"""The machines under the pods: what the pods use, and what else runs there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array

MOST_NODES = 4
"""Of a cluster; the least are two."""
CORES = (2.0, 4.0, 8.0)
MEMORY_GIB = (4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """All nodes of a fleet. Arrays have one entry per node, but for ``of_pod``."""

    of_pod: Index
    """Number of each pod's node."""
    cluster: Index
    cores: Array
    memory_bytes: Array
    cpu: Array
    """Share that is busy with other things than these pods; likewise the next one."""
    memory: Array
    disk: Array


def plan_nodes(cluster: Index, *, rng: np.random.Generator) -> NodePlan:
    """Draw two to four nodes for each cluster, and put each pod on one.

    Parameters
    ----------
    cluster
        Of each pod, from 0 and without gaps, in order.
    """
    counts = rng.integers(2, MOST_NODES + 1, int(cluster.max()) + 1)
    first = np.cumsum(counts) - counts
    n_nodes = int(counts.sum())
    size = rng.integers(0, len(CORES), n_nodes)
    return NodePlan(
        of_pod=first[cluster] + rng.integers(0, counts[cluster]),
        cluster=np.repeat(np.arange(len(counts)), counts),
        cores=np.array(CORES)[size],
        memory_bytes=np.array(MEMORY_GIB)[size] * 2**30,
        cpu=rng.uniform(0.1, 0.45, n_nodes),
        memory=rng.uniform(0.25, 0.6, n_nodes),
        disk=rng.uniform(0.2, 0.7, n_nodes),
    )


class Nodes:
    """Nodes in time."""

    def __init__(self, plan: NodePlan, *, rng: np.random.Generator) -> None:
        self._plan, self._rng = plan, rng
        self._wobble = np.zeros(len(plan.cluster))
        self.cpu = plan.cpu.copy()
        """Busy share, at the latest step; likewise the next one."""
        self.memory = plan.memory.copy()

    def step(self, cores: Array, memory_bytes: Array) -> None:
        """Go on by one sample.

        Parameters
        ----------
        cores, memory_bytes
            What each pod uses, (n_pods,).
        """
        plan = self._plan
        self._wobble = 0.95 * self._wobble + self._rng.normal(0.0, 0.01, len(self._wobble))
        used = np.bincount(plan.of_pod, cores, len(plan.cluster)) / plan.cores
        held = np.bincount(plan.of_pod, memory_bytes, len(plan.cluster)) / plan.memory_bytes
        self.cpu = np.clip(plan.cpu * (1.0 + self._wobble) + used, 0.0, 1.0)
        self.memory = np.clip(plan.memory + held, 0.0, 1.0)

    @property
    def pressure(self) -> Array:
        """Worst of memory and disk: no node reports a condition here."""
        return np.maximum(self.memory, self._plan.disk)

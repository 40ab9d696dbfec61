"""Who is simulated, and what will go wrong with whom: drawn once, before time begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podforecast.domain.issues import IssueType
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array
from podforecast.telemetry.simulator.nodes import NodePlan, plan_nodes

TROUBLES = (
    IssueType.NONE,
    IssueType.POD_FAILURE,
    IssueType.RESOURCE_EXHAUSTION,
    IssueType.NETWORK_ISSUE,
    IssueType.SERVICE_DISRUPTION,
)
"""A pod's trouble is an index into these."""
MEMORY, CPU, DESCRIPTORS = range(3)
"""What runs out, where the trouble is resource exhaustion."""
STEADY, SAWTOOTH, CACHE, BATCH = range(4)
"""How a healthy workload behaves. Garbage collection and caches that fill look like leaks, and
batches like a CPU that runs out."""
PATTERN_SHARES = (0.4, 0.25, 0.2, 0.15)
WORKLOADS = ("cart", "checkout", "catalog", "pay", "search", "mail")
LIMITS_MIB = (128.0, 256.0, 512.0, 1024.0)
LIMITS_CORES = (0.1, 0.25, 0.5, 1.0)
REPLICAS = 3
MINUTES_TO_FAILURE = (6.0, 25.0)
"""From the first sign to the failure, uniformly drawn."""
FAILURE_AFTER_END = (-10.0, 12.0)
"""Minutes after the last sample at which troubles end in failures: some are just over, some are
about to come, some have hardly begun."""
QUIET_SHARE = 0.25
"""Of the time, at its beginning, in which no trouble begins."""
SLOWEST_HEALTHY_MS = 120.0
"""At rest: probes give up at a second, and a busy moment makes it several times slower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """Everything that is decided beforehand. Arrays have one entry per pod."""

    pods: tuple[PodRef, ...]
    workloads: tuple[str, ...]
    cluster: Index
    """Number of the pod's cluster, from 0."""
    trouble: Index
    """Index into ``TROUBLES``."""
    resource: Index
    """``MEMORY``, ``CPU`` or ``DESCRIPTORS``."""
    begins: Array
    """Minutes after the start at which the trouble begins; infinite without one."""
    lasts: Array
    """Minutes from there to the failure, were nothing to change."""
    pattern: Index
    """``STEADY``, ``SAWTOOTH``, ``CACHE`` or ``BATCH``; the same for a whole workload."""
    swing: Array
    """How far memory rises above its rest in a sawtooth or a cache, as a share of the limit."""
    burst: Array
    """Share of the CPU limit that a batch takes."""
    period_minutes: Array
    """Of the sawtooth and of batches; of a cache, until it is filled to two thirds."""
    phase: Array
    """Where in its period the pod is at the start, in [0, 1)."""
    memory: Array
    """Share of the limit at rest; likewise the next two."""
    cpu: Array
    descriptors: Array
    latency_ms: Array
    requests: Array
    """Per second, at the usual load."""
    limit_bytes: Array
    limit_cores: Array
    disk: Array
    """Used share of the fullest volume."""
    age_minutes: Array
    """Of the container, at the start."""
    nodes: NodePlan


def plan(
    numbers: range,
    *,
    pods_per_cluster: int,
    minutes: float,
    troubled: float,
    rng: np.random.Generator,
) -> FleetPlan:
    """Draw a fleet.

    Parameters
    ----------
    numbers
        In the names of the clusters.
    pods_per_cluster
        How many there are of each.
    minutes
        How long it will be simulated.
    troubled
        Share of clusters in which something goes wrong with one pod, in [0, 1].
    """
    clusters = len(numbers)
    n_pods = clusters * pods_per_cluster
    cluster = np.repeat(np.arange(clusters), pods_per_cluster)
    place = np.tile(np.arange(pods_per_cluster), clusters)
    lasts = rng.uniform(*MINUTES_TO_FAILURE, n_pods)
    ends = minutes + rng.uniform(*FAILURE_AFTER_END, n_pods)
    begins = np.maximum(ends - lasts, QUIET_SHARE * minutes)
    trouble = _troubles(clusters, pods_per_cluster, troubled, rng)
    owner = _owners(cluster, place, rng)
    of_workload = cluster * len(WORKLOADS) + owner
    names = [f"cluster-{numbers[number]:04d}" for number in cluster]
    pattern, swing, period = _patterns(clusters * len(WORKLOADS), rng)
    return FleetPlan(
        pods=tuple(
            PodRef(name, f"{WORKLOADS[each]}-{number}")
            for name, each, number in zip(names, owner, place, strict=True)
        ),
        workloads=tuple(
            f"{name}/{WORKLOADS[each]}" for name, each in zip(names, owner, strict=True)
        ),
        cluster=cluster,
        trouble=trouble,
        resource=rng.choice((MEMORY, CPU, DESCRIPTORS), n_pods, p=(0.5, 0.3, 0.2)),
        begins=np.where(trouble > 0, begins, np.inf),
        lasts=lasts,
        pattern=pattern[of_workload],
        swing=swing[of_workload],
        burst=rng.uniform(0.45, 0.7, n_pods),
        period_minutes=period[of_workload],
        phase=rng.random(n_pods),
        memory=rng.uniform(0.25, 0.6, n_pods),
        cpu=rng.uniform(0.08, 0.4, n_pods),
        descriptors=rng.uniform(0.03, 0.2, n_pods),
        latency_ms=np.minimum(rng.lognormal(np.log(35.0), 0.5, n_pods), SLOWEST_HEALTHY_MS),
        requests=rng.lognormal(np.log(8.0), 0.6, n_pods),
        limit_bytes=rng.choice(LIMITS_MIB, n_pods) * 2**20,
        limit_cores=rng.choice(LIMITS_CORES, n_pods),
        disk=rng.uniform(0.1, 0.6, n_pods),
        age_minutes=np.exp(rng.uniform(np.log(45.0), np.log(10_000.0), n_pods)),
        nodes=plan_nodes(cluster, rng=rng),
    )


def _troubles(
    clusters: int, pods_per_cluster: int, troubled: float, rng: np.random.Generator
) -> Index:
    trouble = np.zeros(clusters * pods_per_cluster, dtype=np.int64)
    hit = np.flatnonzero(rng.random(clusters) < troubled)
    rows = hit * pods_per_cluster + rng.integers(0, pods_per_cluster, len(hit))
    trouble[rows] = rng.integers(1, len(TROUBLES), len(hit))
    return trouble


def _owners(cluster: Index, place: Index, rng: np.random.Generator) -> Index:
    """Index into ``WORKLOADS`` of each pod's owner: three pods each, from another one on."""
    begin = rng.integers(0, len(WORKLOADS), int(cluster.max()) + 1)
    owners: Index = (begin[cluster] + place // REPLICAS) % len(WORKLOADS)
    return owners


def _patterns(n_workloads: int, rng: np.random.Generator) -> tuple[Index, Array, Array]:
    """Pattern, swing and period of each workload."""
    pattern = rng.choice(len(PATTERN_SHARES), n_workloads, p=PATTERN_SHARES)
    swing = rng.uniform(0.1, 0.3, n_workloads)
    fast, slow = rng.uniform(3.0, 20.0, n_workloads), rng.uniform(30.0, 240.0, n_workloads)
    return pattern, swing, np.where(pattern == CACHE, slow, fast)

"""Who is simulated, and what will go wrong with whom: drawn once, before time begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podforecast.domain.issues import IssueType
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array

TROUBLES = (
    IssueType.NONE,
    IssueType.POD_FAILURE,
    IssueType.RESOURCE_EXHAUSTION,
    IssueType.NETWORK_ISSUE,
    IssueType.SERVICE_DISRUPTION,
)
"""A pod's trouble is an index into these."""
WORKLOADS = ("cart", "checkout", "catalog", "pay", "search", "mail")
LIMITS_MIB = (128.0, 256.0, 512.0, 1024.0)
REPLICAS = 3
MINUTES_TO_FAILURE = (6.0, 25.0)
"""From the first sign to the failure, uniformly drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """Everything that is decided beforehand. Arrays have one entry per pod."""

    pods: tuple[PodRef, ...]
    workloads: tuple[str, ...]
    cluster: Index
    """Number of the pod's cluster."""
    trouble: Index
    """Index into ``TROUBLES``."""
    by_cpu: np.ndarray
    """Of resource exhaustion: True where it is CPU that runs out, else memory."""
    begins: Array
    """Minutes after the start at which the trouble begins; infinite without one."""
    lasts: Array
    """Minutes from there to the failure, were nothing to change."""
    memory: Array
    """Share of the limit at rest; likewise the next two."""
    cpu: Array
    descriptors: Array
    latency_ms: Array
    requests: Array
    """Per second, at the usual load."""
    limit_bytes: Array
    age_minutes: Array
    """Of the container, at the start."""


def plan(
    *, clusters: int, pods_per_cluster: int, minutes: float, troubled: float,
    rng: np.random.Generator
) -> FleetPlan:  # fmt: skip
    """Draw a fleet.

    Parameters
    ----------
    clusters, pods_per_cluster
        How many there are.
    minutes
        How long it will be simulated; a trouble begins in its last three quarters.
    troubled
        Share of clusters in which something goes wrong with one pod, in [0, 1].
    """
    n_pods = clusters * pods_per_cluster
    cluster = np.repeat(np.arange(clusters), pods_per_cluster)
    place = np.tile(np.arange(pods_per_cluster), clusters)
    trouble = np.zeros(n_pods, dtype=np.int64)
    hit = np.flatnonzero(rng.random(clusters) < troubled)
    rows = hit * pods_per_cluster + rng.integers(0, pods_per_cluster, len(hit))
    trouble[rows] = rng.integers(1, len(TROUBLES), len(hit))
    began = np.where(trouble > 0, rng.uniform(0.25, 0.95, n_pods) * minutes, np.inf)
    owners = [WORKLOADS[number // REPLICAS % len(WORKLOADS)] for number in place]
    return FleetPlan(
        pods=tuple(
            PodRef(f"cluster-{c:04d}", f"{owner}-{number}")
            for c, owner, number in zip(cluster, owners, place, strict=True)
        ),
        workloads=tuple(f"cluster-{c:04d}/{o}" for c, o in zip(cluster, owners, strict=True)),
        cluster=cluster,
        trouble=trouble,
        by_cpu=rng.random(n_pods) < 0.4,
        begins=began,
        lasts=rng.uniform(*MINUTES_TO_FAILURE, n_pods),
        memory=rng.uniform(0.25, 0.6, n_pods),
        cpu=rng.uniform(0.08, 0.4, n_pods),
        descriptors=rng.uniform(0.03, 0.2, n_pods),
        latency_ms=rng.lognormal(np.log(35.0), 0.5, n_pods),
        requests=rng.lognormal(np.log(8.0), 0.6, n_pods),
        limit_bytes=rng.choice(LIMITS_MIB, n_pods) * 2**20,
        age_minutes=rng.uniform(90.0, 10_000.0, n_pods),
    )

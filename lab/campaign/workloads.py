"""A cluster drawn from a seed: nodes, workloads, and the load each workload gets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from lab.campaign.mixes import Mix, Range
from lab.node_agent.state import AutoscalerSpec, ContainerSpec, NodeSpec, WorkloadSpec

MIB = 2**20
HOUR = 3600.0
NAMESPACES = ("shop", "billing", "platform", "media", "search", "identity", "logistics", "support")
NAMES = (
    "accounts", "alerts", "archive", "audit", "basket", "billing-api", "bookings", "catalog",
    "checkout", "comments", "coupons", "dispatcher", "documents", "exports", "feed", "fraud",
    "gateway", "images", "imports", "indexer", "inventory", "invoices", "ledger", "loyalty",
    "mailer", "maps", "notifier", "orders", "payments", "permissions", "pricing", "profiles",
    "quotes", "ratings", "recommender", "refunds", "reports", "returns", "router", "scheduler",
    "sessions", "shipping", "stock", "streams", "surveys", "tax", "thumbnails", "tickets",
    "tokens", "tracking", "translator", "uploads", "users", "vouchers", "warehouse", "webhooks",
)  # fmt: skip
MEMORY_REQUEST_MIB = 24
CPU_REQUEST_CORES = 0.01
SMALL_NODE_SHARE = 0.2
"""Share of all pods that fits on the small node, where a few leaks bring memory pressure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """Everything a campaign needs to know before it starts a cluster."""

    nodes: tuple[NodeSpec, ...]
    workloads: tuple[WorkloadSpec, ...]
    requests_per_second: Mapping[str, float]
    """Mean background load of one pod, by ``namespace/name`` of its workload."""

    @property
    def pods(self) -> int:
        """Replicas of all workloads at the start."""
        return sum(workload.replicas for workload in self.workloads)


def draw_cluster(rng: Random, *, pods: int, mix: Mix, now: float) -> ClusterPlan:
    """Draw nodes and workloads with `pods` replicas in all."""
    count = max(3, min(16, round(pods / rng.uniform(6.4, 8.2))))
    replicas = _draw_replicas(rng, count, pods)
    namespaces = rng.sample(NAMESPACES, rng.randint(3, 4))
    names = rng.sample(NAMES, count)
    autoscaled = set(rng.sample(range(count), min(count, rng.randint(2, 4))))
    workloads = tuple(
        _draw_workload(
            rng,
            mix,
            WorkloadSpec(
                namespace=namespaces[i % len(namespaces)], name=names[i], replicas=replicas[i]
            ),
            autoscaled=i in autoscaled,
            now=now,
        )
        for i in range(count)
    )
    load = {f"{w.namespace}/{w.name}": log_uniform(rng, mix.requests_per_second) for w in workloads}
    return ClusterPlan(
        nodes=_size_nodes(rng, workloads), workloads=workloads, requests_per_second=load
    )


def log_uniform(rng: Random, bounds: Range) -> float:
    """One draw, uniform in the logarithm."""
    low, high = bounds
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _draw_replicas(rng: Random, count: int, pods: int) -> list[int]:
    """Split `pods` into `count` parts of 3 to 12, as far as the sum allows."""
    replicas = [3] * count
    free = max(0, pods - 3 * count)
    weights = [rng.uniform(0.3, 1.0) for _ in range(count)]
    while free:
        open_parts = [i for i in range(count) if replicas[i] < 12] or list(range(count))
        chosen = rng.choices(open_parts, [weights[i] for i in open_parts])[0]
        replicas[chosen] += 1
        free -= 1
    return replicas


def _draw_workload(
    rng: Random, mix: Mix, bare: WorkloadSpec, *, autoscaled: bool, now: float
) -> WorkloadSpec:
    """Fill in what a workload that has only a name and replicas runs, and since when."""
    stateful = not autoscaled and rng.random() < 0.25
    return replace(
        bare,
        kind="StatefulSet" if stateful else "Deployment",
        containers=(_draw_container(rng, mix),),
        image=f"registry.lab/{bare.name}:{rng.randint(1, 40)}",
        created_at=now - log_uniform(rng, (HOUR, 30 * 24 * HOUR)),
        autoscaler=_draw_autoscaler(rng, bare.replicas) if autoscaled else None,
    )


def _draw_container(rng: Random, mix: Mix) -> ContainerSpec:
    limit_mib = 4 * round(log_uniform(rng, mix.memory_limit_mib) / 4)
    return ContainerSpec(
        memory_limit_bytes=limit_mib * MIB,
        memory_request_bytes=min(MEMORY_REQUEST_MIB, limit_mib) * MIB,
        cpu_limit_cores=round(rng.uniform(*mix.cpu_limit_cores), 3),
        cpu_request_cores=CPU_REQUEST_CORES,
        max_open_files=16 * round(rng.uniform(*mix.max_open_files) / 16),
        env={
            "LAB_WORK_MS": f"{rng.uniform(*mix.work_ms):.1f}",
            "LAB_WARMUP_SECONDS": f"{rng.uniform(1, 5):.1f}",
        },
    )


def _draw_autoscaler(rng: Random, replicas: int) -> AutoscalerSpec:
    """Idle pods use a few percent of their limit: a busy pod or two must be able to scale."""
    return AutoscalerSpec(
        min_replicas=replicas,
        max_replicas=replicas + rng.randint(2, 4),
        target_cpu_share=round(rng.uniform(0.15, 0.3), 2),
    )


def _size_nodes(rng: Random, workloads: Sequence[WorkloadSpec]) -> tuple[NodeSpec, ...]:
    """Two roomy nodes and a small one that is full by its requests."""
    requested = sum(w.replicas * w.containers[0].memory_request_bytes for w in workloads)
    cpu = sum(w.replicas * w.containers[0].cpu_request_cores for w in workloads)
    small = SMALL_NODE_SHARE * rng.uniform(0.85, 1.15)
    shares = (0.75 * rng.uniform(0.95, 1.1), 0.75 * rng.uniform(0.95, 1.1), small)
    suffix = f"{rng.randrange(16**4):04x}"
    return tuple(
        NodeSpec(
            name=f"worker-{suffix}-{i + 1}",
            memory_bytes=round(share * requested / MIB) * MIB,
            cpu_cores=max(1.0, round(1.5 * cpu, 1)),
        )
        for i, share in enumerate(shares)
    )

"""Which node a pod goes to: the one with the largest share of memory not yet requested."""

from __future__ import annotations

from collections.abc import Iterable

from lab.node_agent.state import Node, Phase, Pod


def requested_memory_bytes(pod: Pod) -> int:
    """Return what a pod's containers request together."""
    return sum(container.spec.memory_request_bytes for container in pod.containers)


def requested_cpu_cores(pod: Pod) -> float:
    """Return what a pod's containers request together."""
    return sum(container.spec.cpu_request_cores for container in pod.containers)


def choose_node(pod: Pod, nodes: Iterable[Node], pods: Iterable[Pod]) -> str | None:
    """Return the name of the node for a pod, or ``None`` if none has room.

    A node that is lost or under memory pressure takes no new pods.
    """
    placed = [other for other in pods if other.node and other.phase is not Phase.FAILED]
    best: tuple[float, str] | None = None
    for node in nodes:
        if node.lost or node.memory_pressure:
            continue
        free = _free_share(pod, node, [other for other in placed if other.node == node.spec.name])
        if free is not None and (best is None or free > best[0]):
            best = (free, node.spec.name)
    return None if best is None else best[1]


def _free_share(pod: Pod, node: Node, residents: list[Pod]) -> float | None:
    everyone = [*residents, pod]
    memory_bytes = sum(map(requested_memory_bytes, everyone))
    cpu_cores = sum(map(requested_cpu_cores, everyone))
    spec = node.spec
    if (
        memory_bytes > spec.memory_bytes
        or cpu_cores > spec.cpu_cores
        or len(everyone) > spec.max_pods
    ):
        return None
    return 1 - memory_bytes / spec.memory_bytes

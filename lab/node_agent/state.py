"""The objects of the lab's cluster: what was asked for (specs) and what is (pods, nodes).

Only :mod:`lab.node_agent` changes the state; the exporter and the campaign read it.
All instants are Unix seconds, all sizes bytes, all CPU amounts cores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

WorkloadKind = Literal["Deployment", "StatefulSet"]
FailureCause = Literal["oom", "liveness", "exit", "eviction"]


class Phase(StrEnum):
    """``kube_pod_status_phase`` knows exactly these."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSpec:
    """An HTTP probe of a container, with the kubelet's defaults."""

    path: str
    period_seconds: float = 10.0
    timeout_seconds: float = 1.0
    failure_threshold: int = 3
    initial_delay_seconds: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """One container of a pod template. Its program is always the demo app."""

    name: str = "app"
    memory_limit_bytes: int = 96 * 2**20
    memory_request_bytes: int = 48 * 2**20
    cpu_limit_cores: float = 0.1
    cpu_request_cores: float = 0.02
    max_open_files: int = 256
    env: dict[str, str] = field(default_factory=dict)
    """Handed to the demo app; ``LAB_BAD_CONFIG=1`` makes it exit 1 soon after its start."""
    liveness: ProbeSpec | None = field(default_factory=lambda: ProbeSpec(path="/healthz"))
    readiness: ProbeSpec | None = field(default_factory=lambda: ProbeSpec(path="/readyz"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscalerSpec:
    """A horizontal pod autoscaler on mean CPU as a share of the limit."""

    min_replicas: int
    max_replicas: int
    target_cpu_share: float = 0.6
    period_seconds: float = 30.0
    scale_down_stabilization_seconds: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSpec:
    """A Deployment or StatefulSet."""

    namespace: str
    name: str
    replicas: int
    kind: WorkloadKind = "Deployment"
    containers: tuple[ContainerSpec, ...] = (ContainerSpec(),)
    image: str = "registry.lab/demo:1"
    """An image whose tag is ``missing`` can not be pulled."""
    created_at: float = 0.0
    """When the current revision began; drawn into the past so that age is no campaign clock."""
    autoscaler: AutoscalerSpec | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """A node of the cluster: a share of this machine."""

    name: str
    memory_bytes: int
    cpu_cores: float
    max_pods: int = 110


@dataclass(slots=True, kw_only=True)
class Container:
    """Runtime state of one container."""

    spec: ContainerSpec
    state: Literal["waiting", "running", "terminated"] = "waiting"
    waiting_reason: str = "ContainerCreating"
    terminated_reason: str = ""
    """Reason while the state is ``terminated``."""
    last_terminated_reason: str = ""
    """Sticky, as in a real cluster: ``OOMKilled``, ``Error``, ``Completed``."""
    last_exit_code: int | None = None
    restarts: int = 0
    started_at: float = 0.0
    ready: bool = False
    pid: int | None = None
    backoff_seconds: float = 0.0
    oom_kills: int = 0
    """Kernel OOM kills counted over all runs of the container."""
    probe_results: dict[tuple[str, str], int] = field(default_factory=dict)
    """(``Liveness`` | ``Readiness``, ``successful`` | ``failed``) -> count, never reset."""


@dataclass(slots=True, kw_only=True)
class Pod:
    """Runtime state of one pod."""

    namespace: str
    name: str
    uid: str
    workload: str
    kind: WorkloadKind
    replicaset: str
    """Owner of a Deployment's pod; empty for a StatefulSet's."""
    image: str
    ip: str
    created_at: float
    containers: list[Container]
    node: str | None = None
    phase: Phase = Phase.PENDING
    status_reason: str = ""
    """``Evicted``, ``NodeLost`` or empty."""
    deleting: bool = False

    @property
    def key(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"


@dataclass(slots=True, kw_only=True)
class Node:
    """Runtime state of one node."""

    spec: NodeSpec
    lost: bool = False
    """No heartbeat: its exporters do not answer and its pods are Unknown."""
    memory_pressure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the ground truth.

    ``kind`` is one of ``pod_created, container_started, failure, pod_deleted, pod_pending,
    image_pull_failed, rollout, scaled, node_lost, node_back`` (by the node agent) and
    ``fault_started, fault_ended, benign_started, benign_ended, campaign_started,
    campaign_ended`` (by the campaign).
    """

    at: float
    kind: str
    namespace: str = ""
    pod: str = ""
    uid: str = ""
    workload: str = ""
    node: str = ""
    container: str = ""
    cause: FailureCause | None = None
    """Only on ``failure``."""
    exit_code: int | None = None
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

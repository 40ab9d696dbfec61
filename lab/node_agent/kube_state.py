"""What kube-state-metrics says about pods, under its names and labels."""

from __future__ import annotations

from lab.node_agent.controllers import is_ready
from lab.node_agent.exposition import Page, labels
from lab.node_agent.state import Container, Phase, Pod

HOST_IP = "127.0.0.1"
PHASES = tuple(str(phase) for phase in Phase)
REASONS = ("Evicted", "NodeAffinity", "NodeLost", "Shutdown", "UnexpectedAdmissionError")
CONDITIONS = ("true", "false", "unknown")


def add_pod(page: Page, pod: Pod) -> None:
    """Add all series of one pod."""
    text = labels(namespace=pod.namespace, pod=pod.name, uid=pod.uid)
    _add_identity(page, pod, text)
    page.add("kube_pod_created", text, pod.created_at)
    page.one_hot("kube_pod_status_phase", text, "phase", PHASES, pod.phase)
    page.one_hot("kube_pod_status_reason", text, "reason", REASONS, pod.status_reason)
    ready = "true" if is_ready(pod) and pod.phase is Phase.RUNNING else "false"
    page.one_hot("kube_pod_status_ready", text, "condition", CONDITIONS, ready)
    scheduled = "false" if pod.node is None else "true"
    page.one_hot("kube_pod_status_scheduled", text, "condition", CONDITIONS, scheduled)
    for container in pod.containers:
        _add_container(page, pod, container, text)


def _add_identity(page: Page, pod: Pod, text: str) -> None:
    kind, name = ("ReplicaSet", pod.replicaset) if pod.replicaset else (pod.kind, pod.workload)
    info = labels(
        host_ip=HOST_IP if pod.node else "",
        pod_ip=pod.ip if pod.node else "",
        node=pod.node or "",
        created_by_kind=kind,
        created_by_name=name,
        host_network="true",
    )
    page.add("kube_pod_info", f"{text},{info}", 1)
    owner = labels(owner_kind=kind, owner_name=name, owner_is_controller="true")
    page.add("kube_pod_owner", f"{text},{owner}", 1)


def _add_container(page: Page, pod: Pod, container: Container, pod_text: str) -> None:
    text = f'{pod_text},container="{container.spec.name}"'
    page.add("kube_pod_container_info", f'{text},image="{pod.image}"', 1)
    _add_resources(page, pod, container, text)
    waiting = container.state == "waiting"
    page.add("kube_pod_container_status_restarts_total", text, container.restarts)
    page.add("kube_pod_container_status_ready", text, int(container.ready))
    page.add("kube_pod_container_status_running", text, int(container.state == "running"))
    page.add("kube_pod_container_status_waiting", text, int(waiting))
    page.add("kube_pod_container_status_terminated", text, int(container.state == "terminated"))
    if waiting and pod.node is not None:
        reason = container.waiting_reason
        page.add("kube_pod_container_status_waiting_reason", f'{text},reason="{reason}"', 1)
    if container.state == "terminated":
        reason = container.terminated_reason
        page.add("kube_pod_container_status_terminated_reason", f'{text},reason="{reason}"', 1)
    if container.state == "running":
        page.add("kube_pod_container_state_started", text, container.started_at)
    _add_last_end(page, container, text)


def _add_last_end(page: Page, container: Container, text: str) -> None:
    if container.restarts and container.last_terminated_reason:
        reason = container.last_terminated_reason
        name = "kube_pod_container_status_last_terminated_reason"
        page.add(name, f'{text},reason="{reason}"', 1)
        code = container.last_exit_code or 0
        page.add("kube_pod_container_status_last_terminated_exitcode", text, code)


def _add_resources(page: Page, pod: Pod, container: Container, text: str) -> None:
    spec = container.spec
    node = f'{text},node="{pod.node}"' if pod.node else text
    cpu, memory = 'resource="cpu",unit="core"', 'resource="memory",unit="byte"'
    limits, requests = "kube_pod_container_resource_limits", "kube_pod_container_resource_requests"
    page.add(limits, f"{node},{cpu}", spec.cpu_limit_cores)
    page.add(limits, f"{node},{memory}", spec.memory_limit_bytes)
    page.add(requests, f"{node},{cpu}", spec.cpu_request_cores)
    page.add(requests, f"{node},{memory}", spec.memory_request_bytes)

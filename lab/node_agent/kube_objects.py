"""What kube-state-metrics says about workloads, autoscalers and nodes."""

from __future__ import annotations

from lab.node_agent.autoscaler import Autoscaler
from lab.node_agent.controllers import Controllers, Workload, is_ready
from lab.node_agent.exposition import Page, labels
from lab.node_agent.kube_state import CONDITIONS
from lab.node_agent.state import Node

HPA = "kube_horizontalpodautoscaler"


def add_workload(page: Page, controllers: Controllers, workload: Workload) -> None:
    """Add the series of a Deployment with its ReplicaSets, or of a StatefulSet."""
    spec = workload.spec
    pods = controllers.pods_of(workload)
    ready = sum(map(is_ready, pods))
    if spec.kind == "StatefulSet":
        text = labels(namespace=spec.namespace, statefulset=spec.name)
        page.add("kube_statefulset_created", text, workload.revisions[0].created_at)
        page.add("kube_statefulset_replicas", text, spec.replicas)
        page.add("kube_statefulset_status_replicas", text, len(pods))
        page.add("kube_statefulset_status_replicas_ready", text, ready)
        return
    text = labels(namespace=spec.namespace, deployment=spec.name)
    page.add("kube_deployment_created", text, min(r.created_at for r in workload.revisions))
    page.add("kube_deployment_spec_replicas", text, spec.replicas)
    page.add("kube_deployment_status_replicas", text, len(pods))
    page.add("kube_deployment_status_replicas_available", text, ready)
    page.add("kube_deployment_status_replicas_unavailable", text, max(0, spec.replicas - ready))
    for revision in workload.revisions:
        _add_replicaset(page, workload, revision.name, revision.created_at)


def _add_replicaset(page: Page, workload: Workload, name: str, created_at: float) -> None:
    spec = workload.spec
    text = labels(namespace=spec.namespace, replicaset=name)
    owner = labels(owner_kind="Deployment", owner_name=spec.name, owner_is_controller="true")
    page.add("kube_replicaset_owner", f"{text},{owner}", 1)
    page.add("kube_replicaset_created", text, created_at)
    wanted = spec.replicas if name == workload.wanted.name else 0
    page.add("kube_replicaset_spec_replicas", text, wanted)


def add_autoscaler(page: Page, workload: Workload, scaler: Autoscaler, current: int) -> None:
    """Add the series of a horizontal pod autoscaler, which has its workload's name."""
    spec = workload.spec
    text = labels(namespace=spec.namespace, horizontalpodautoscaler=spec.name)
    target = labels(
        scaletargetref_kind=spec.kind,
        scaletargetref_name=spec.name,
        scaletargetref_api_version="apps/v1",
    )
    page.add(f"{HPA}_info", f"{text},{target}", 1)
    metric = labels(metric_name="cpu", metric_target_type="utilization")
    page.add(f"{HPA}_spec_target_metric", f"{text},{metric}", 100 * scaler.spec.target_cpu_share)
    page.add(f"{HPA}_spec_min_replicas", text, scaler.spec.min_replicas)
    page.add(f"{HPA}_spec_max_replicas", text, scaler.spec.max_replicas)
    page.add(f"{HPA}_status_desired_replicas", text, scaler.desired)
    page.add(f"{HPA}_status_current_replicas", text, current)


def add_node(page: Page, node: Node, *, unknown: bool) -> None:
    """Add the series of a node; ``unknown`` once its silence was noticed."""
    spec = node.spec
    text = labels(node=spec.name)
    info = labels(internal_ip="127.0.0.1", kubelet_version="podforecast-lab")
    page.add("kube_node_info", f"{text},{info}", 1)
    for resource, unit, value in (
        ("cpu", "core", spec.cpu_cores),
        ("memory", "byte", spec.memory_bytes),
        ("pods", "integer", spec.max_pods),
    ):
        which = labels(resource=resource, unit=unit)
        page.add("kube_node_status_allocatable", f"{text},{which}", value)
        page.add("kube_node_status_capacity", f"{text},{which}", value)
    holds = {
        "Ready": True,
        "MemoryPressure": node.memory_pressure,
        "DiskPressure": False,
        "PIDPressure": False,
    }
    for condition, value in holds.items():
        status = "unknown" if unknown else str(value).lower()
        with_condition = f'{text},condition="{condition}"'
        page.one_hot("kube_node_status_condition", with_condition, "status", CONDITIONS, status)

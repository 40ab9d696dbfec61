"""Who exports which metric, with which labels, and how to get it: data, nothing is asked here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.telemetry.prometheus.expressions import EXPRESSIONS
from podforecast.telemetry.prometheus.joins import JOINS
from podforecast.telemetry.prometheus.queries import METRICS, selected_metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """A place that metrics come from."""

    name: str
    prefixes: tuple[str, ...]
    """Of its metrics; the longest prefix of all exporters wins."""
    fix: str
    """How to have it scraped."""


EXPORTERS: tuple[Exporter, ...] = (
    Exporter(
        name="kube-state-metrics",
        prefixes=("kube_",),
        fix="Run kube-state-metrics 2.x and scrape it with `honor_labels: true`; pods, replicasets,"
        " deployments, nodes and horizontalpodautoscalers must be among its `--resources`.",
    ),
    Exporter(
        name="cAdvisor",
        prefixes=("container_",),
        fix="Scrape every kubelet at `/metrics/cadvisor` (role: node, bearer token, https).",
    ),
    Exporter(
        name="kubelet probes",
        prefixes=("prober_",),
        fix="Scrape every kubelet at `/metrics/probes`.",
    ),
    Exporter(
        name="kubelet volumes",
        prefixes=("kubelet_",),
        fix="Scrape every kubelet at `/metrics`.",
    ),
    Exporter(
        name="node-exporter",
        prefixes=("node_",),
        fix="Run node-exporter as a DaemonSet with the uname collector (on by default), all its"
        " metrics from one scrape job: they are joined by `instance`.",
    ),
    Exporter(
        name="request metrics",
        prefixes=("http_server_", "istio_"),
        fix="One of three: OpenTelemetry's http.server.request.duration, Micrometer's"
        " http.server.requests, or Istio's sidecar; scraped by pod, labels namespace and pod.",
    ),
    Exporter(
        name="log counters",
        prefixes=("container_log_", "logback_"),
        fix="One of two: container_log_messages_total from the log pipeline (Vector, Fluent Bit),"
        " or Micrometer's logback_events_total.",
    ),
    Exporter(
        name="process metrics",
        prefixes=("process_",),
        fix="Any Prometheus client library exports them; scrape the pods (role: pod).",
    ),
    Exporter(
        name="pod endpoints",
        prefixes=("up", "scrape_"),
        fix="Scrape the pods' own endpoints (role: pod), and relabel `__meta_kubernetes_namespace`"
        " to namespace and `__meta_kubernetes_pod_name` to pod.",
    ),
)

MEASURED = ("cores", "working_set", "restarts", "node_memory", "node_disk")
"""Shared parts of queries that have values of their own; the others only join."""
COUNTED = frozenset({"replicas_desired", "autoscaler_direction"})
"""Signals that fall back on counting pods."""
HELD_AGAINST = frozenset(
    {"kube_pod_info", "kube_pod_container_resource_limits", "kube_node_status_allocatable"}
)
"""What others are divided by, or left out by."""
_NAME = re.compile(r"\b([a-z][A-Za-z0-9_]*)\{")

_LABELS: Mapping[str, tuple[str, ...]] = {
    "container_": ("namespace", "pod", "container"),
    "container_network_": ("namespace", "pod"),
    "container_log_": ("namespace", "pod"),
    "kube_replicaset_": ("namespace", "replicaset"),
    "kube_deployment_": ("namespace", "deployment"),
    "kube_statefulset_": ("namespace", "statefulset"),
    "kube_daemonset_": ("namespace", "daemonset"),
    "kube_horizontalpodautoscaler_": ("namespace", "horizontalpodautoscaler"),
    "kube_job_": ("namespace", "job_name"),
    "kube_node_": ("node",),
    "kubelet_volume_": ("namespace", "persistentvolumeclaim"),
    "node_": ("instance",),
    "node_uname_info": ("instance", "nodename"),
    "": ("namespace", "pod"),
}
"""What the queries join or sum by, by start of the metric's name; the longest match wins."""


@cache
def exporter_of(metric: str) -> Exporter:
    """Who exports a metric.

    >>> exporter_of("container_log_messages_total").name
    'log counters'
    """
    return max(EXPORTERS, key=lambda exporter: _fit(metric, exporter))


def labels_of(metric: str) -> tuple[str, ...]:
    """Labels without which a series of a metric is of no use.

    >>> labels_of("node_uname_info"), labels_of("up")
    (('instance', 'nodename'), ('namespace', 'pod'))
    """
    return _LABELS[max((start for start in _LABELS if metric.startswith(start)), key=len)]


@cache
def signals_of() -> Mapping[str, tuple[str, ...]]:
    """Signals that read each metric, by metric."""
    read = {signal: selected_metrics(signal) for signal in SIGNAL_NAMES}
    return {
        metric: tuple(signal for signal, metrics in read.items() if metric in metrics)
        for metric in METRICS
    }


@cache
def own_metrics(signal: str) -> frozenset[str]:
    """Metrics that a signal's values come from: not those that list pods, or join them to others.

    Empty where pods alone are enough for a value.

    >>> sorted(own_metrics("node_disk_ratio"))
    ['node_filesystem_avail_bytes', 'node_filesystem_size_bytes']
    """
    if signal in COUNTED:
        return frozenset()
    text = EXPRESSIONS[signal]
    for name in MEASURED:
        text = text.replace(f"<{name}>", JOINS[name])
    return selected_metrics(signal) & frozenset(_NAME.findall(text)) - HELD_AGAINST


def _fit(metric: str, exporter: Exporter) -> int:
    """Length of the longest prefix that fits."""
    return max((len(start) for start in exporter.prefixes if metric.startswith(start)), default=-1)

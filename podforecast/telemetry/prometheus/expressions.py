"""How each signal is read: PromQL templates, see :mod:`podforecast.telemetry.prometheus.joins`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CRASH_LOOP_WINDOW = "5m"
"""The longest back-off of a kubelet. A pod in a crash loop runs in between, and a waiting reason
exists only while a container waits."""

STUCK = (
    "ImagePullBackOff|ErrImagePull|InvalidImageName|CreateContainerConfigError"
    "|CreateContainerError|RunContainerError|ErrImageNeverPull"
)


@dataclass(frozen=True, slots=True)
class _Instrumentation:
    """A histogram of response times, as one of the usual libraries writes it."""

    histogram: str
    status: str
    """Label with the HTTP status."""
    per_second: int
    """Units of the histogram in a second."""
    matchers: str = ""


_INSTRUMENTATIONS = (
    # OpenTelemetry semantic conventions, Micrometer (Spring Boot), Istio's sidecar.
    _Instrumentation("http_server_request_duration_seconds", "http_response_status_code", 1),
    _Instrumentation("http_server_requests_seconds", "status", 1),
    _Instrumentation(
        "istio_request_duration_milliseconds", "response_code", 1000, 'reporter="destination",'
    ),
)


def _either(parts: Iterator[str]) -> str:
    return "\nor on (namespace, pod)\n".join(parts)


def _summed(
    instrumentation: _Instrumentation, suffix: str, matchers: str = "", *, by: str = ""
) -> str:
    window = "<quantile>" if suffix == "bucket" else "<rate>"
    inside = f'{instrumentation.matchers}{matchers}pod!="",<pods>'
    metric = f"{instrumentation.histogram}_{suffix}"
    return f"sum by (namespace, pod{by}) (max <twice> (\n  rate({metric}{{{inside}}}[{window}])\n))"


def _request_rate() -> str:
    return _either(_summed(each, "count") for each in _INSTRUMENTATIONS)


def _server_error_rate() -> str:
    def of(each: _Instrumentation) -> str:
        failed = _summed(each, "count", f'{each.status}=~"5..",')
        return f"{failed}\nor on (namespace, pod)\n{_summed(each, 'count')} * 0"

    return _either(of(each) for each in _INSTRUMENTATIONS)


def _latency_p95() -> str:
    return _either(
        f"{1000 // each.per_second} * histogram_quantile(0.95,"
        f" {_summed(each, 'bucket', by=', le')})"
        for each in _INSTRUMENTATIONS
    )


def _latency_mean() -> str:
    return _either(
        f"{1000 // each.per_second} * {_summed(each, 'sum')}\n/ ({_summed(each, 'count')} > 0)"
        for each in _INSTRUMENTATIONS
    )


def _share(usage: str, resource: str) -> str:
    """The worst container against its limit; without any limit, the pod against its node."""
    return f"""max by (namespace, pod) (
  {usage} / on (namespace, pod, container) {_limits(resource)}
)
or on (namespace, pod)
max by (namespace, pod) (
  sum by (namespace, pod) ({usage})
  * on (namespace, pod) group_left (node) <node>
  / on (node) group_left () max by (node) (
    kube_node_status_allocatable{{resource="{resource}",<where>}}
  )
)"""


def _limits(resource: str) -> str:
    return f"""max by (namespace, pod, container) (
  kube_pod_container_resource_limits{{resource="{resource}",<pods>}} > 0
)"""


def _risen(since: str) -> str:
    """Restarts since then, exactly.

    ``increase`` would extrapolate, and miss those of a pod that is younger than its window.
    """
    return f"""sum by (namespace, pod) (clamp_min(
  ((<restarts>) - max by (namespace, pod, uid, container) (
    kube_pod_container_status_restarts_total{{<pods>}} offset {since}
  )) or (<restarts>), 0
))"""


def _of_node(per_node: str) -> str:
    return f"max by (namespace, pod) (<node> * on (node) group_left () {per_node})"


def _of_workload(per_workload: str) -> str:
    return (
        f"max by (namespace, pod) (<workload> * on (namespace, workload) group_left ()"
        f" {per_workload})"
    )


def _probe_failures(kind: str) -> str:
    """Counted from 0: the series of failures does not exist before the first one."""
    probes = f'prober_probe_total{{probe_type="{kind}",'
    return f"""sum by (namespace, pod) (
  max by (namespace, pod, container) ({probes}result="failed",<pods>}})
)
or on (namespace, pod) max by (namespace, pod) ({probes}<pods>}}) * 0"""


def _own_network(quantity: str, interfaces: str = 'interface!="lo"') -> str:
    """A pod on its host's network would report the traffic of the whole node."""
    return f"""sum by (namespace, pod) (max by (namespace, pod, interface) (
  rate(container_network_{quantity}_total{{pod!="",{interfaces},<pods>}}[<rate>])
)) unless on (namespace, pod) kube_pod_info{{host_network="true",<pods>}}"""


def _waiting(reasons: str, init: str = "") -> str:
    metric = f"kube_pod_{init}container_status_waiting_reason"
    return f'{metric}{{reason=~"{reasons}",<pods>}}'


def _last_ended(reason: str) -> str:
    return f"kube_pod_container_status_last_terminated_reason{{{reason},<pods>}}"


def _code(table: tuple[tuple[int, str], ...]) -> str:
    """The code of the first row that applies: ``or`` keeps the left one of equal labels."""
    return "\nor ".join(
        f"{code} * max by (namespace, pod, uid) (\n  {series} == 1\n)" for code, series in table
    )


_PRESSURE = """clamp(max by (node) (
  label_replace(max by (node) (
    kube_node_status_condition{condition=~"(Memory|Disk|PID)Pressure",status="true",<where>}
  ), "of", "pressure", "", "")
  or label_replace(max by (node) (
    kube_node_status_condition{condition="Ready",status=~"false|unknown",<where>}
  ), "of", "readiness", "", "")
  or label_replace(<node_memory>, "of", "memory", "", "")
  or label_replace(<node_disk>, "of", "disk", "", "")
  or label_replace(max by (node) (label_replace(
    5 * rate(node_pressure_memory_waiting_seconds_total{<where>}[<rate>]) * <nodename>,
    "node", "$1", "nodename", "(.+)"
  )), "of", "stall", "", "")
), 0, 1)"""

_NODE_CPU = """max by (node) (label_replace(
  (1 - avg by (instance) (max by (instance, cpu) (
    rate(node_cpu_seconds_total{mode="idle",<where>}[<rate>])
  ))) * <nodename>,
  "node", "$1", "nodename", "(.+)"
))"""

_REPLICAS_OF: Mapping[str, str] = {
    "deployment": "kube_deployment_spec_replicas{<pods>}",
    "statefulset": "kube_statefulset_replicas{<pods>}",
    "daemonset": "kube_daemonset_status_desired_number_scheduled{<pods>}",
    "replicaset": "kube_replicaset_spec_replicas{<pods>} > 0",
}
_REPLICAS = "max by (namespace, workload) (\n  {}\n)".format(
    "\n  or ".join(
        f'label_replace({series}, "workload", "$1", "{kind}", "(.+)")'
        for kind, series in _REPLICAS_OF.items()
    )
)

_DESIRED = """max by (namespace, horizontalpodautoscaler) (
      kube_horizontalpodautoscaler_status_desired_replicas{<pods>}"""

_DIRECTION = f"""max by (namespace, workload) (label_replace(
  sgn(
    {_DESIRED})
    - ({_DESIRED} offset 10m)
      or max by (namespace, horizontalpodautoscaler) (
        kube_horizontalpodautoscaler_status_current_replicas{{<pods>}}))
  ) * on (namespace, horizontalpodautoscaler) group_left (scaletargetref_name)
  topk by (namespace, horizontalpodautoscaler) (1,
    max by (namespace, horizontalpodautoscaler, scaletargetref_name) (
      kube_horizontalpodautoscaler_info{{<pods>}}
    )
  ), "workload", "$1", "scaletargetref_name", "(.+)"
))"""

_REVISION_AGE = """max by (namespace, pod) (
  label_replace(
    max by (namespace, pod, owner_name) (kube_pod_owner{owner_kind="ReplicaSet",<pods>}),
    "replicaset", "$1", "owner_name", "(.+)"
  ) * on (namespace, replicaset) group_left ()
  ((time() - max by (namespace, replicaset) (kube_replicaset_created{<pods>})) / 3600)
)
or on (namespace, pod)
(time() - max by (namespace, pod) (kube_pod_created{<pods>})) / 3600"""

_CONTAINER_AGE = """clamp_min((time() - (
  max by (namespace, pod) (container_start_time_seconds{container!="",container!="POD",<pods>})
  or on (namespace, pod) max by (namespace, pod) (kube_pod_container_state_started{<pods>})
)) / 60, 0)"""

_LOG_LINES = """60 * (
  sum by (namespace, pod) (max <twice> (
    rate(container_log_messages_total{level=~"(?i:error|critical|fatal)",pod!="",<pods>}[<rate>])
  ))
  or on (namespace, pod) sum by (namespace, pod) (max <twice> (
    rate(logback_events_total{level=~"(?i:error|fatal)",pod!="",<pods>}[<rate>])
  ))
)"""

# Code, and the series whose value 1 says that it applies; the severest stands first.
_STATUSES: tuple[tuple[int, str], ...] = (
    (5, 'kube_pod_status_phase{phase="Unknown",<pods>}'),
    (5, 'kube_pod_status_reason{reason="NodeLost",<pods>}'),
    (4, f"max_over_time({_waiting('CrashLoopBackOff')}[{CRASH_LOOP_WINDOW}])"),
    (4, f"max_over_time({_waiting('CrashLoopBackOff', 'init_')}[{CRASH_LOOP_WINDOW}])"),
    (3, 'kube_pod_status_phase{phase="Failed",<pods>}'),
    (3, _waiting(STUCK)),
    (3, 'kube_pod_container_status_terminated_reason{reason!="Completed",<pods>}'),
    (2, _waiting("ContainerCreating|PodInitializing")),
    (1, 'kube_pod_status_phase{phase="Pending",<pods>}'),
    (0, 'kube_pod_status_phase{phase="Running",<pods>}'),
)
_TERMINATIONS: tuple[tuple[int, str], ...] = (
    (3, _last_ended('reason="OOMKilled"')),
    (2, _last_ended('reason!~"OOMKilled|Completed"')),
    (1, _last_ended('reason="Completed"')),
    (0, "(kube_pod_container_status_restarts_total{<pods>} * 0 + 1)"),
)

_VOLUMES = """max by (namespace, pod) (
  label_replace(
    container_fs_usage_bytes{container!="",container!="POD",<pods>}
    / (container_fs_limit_bytes{container!="",container!="POD",<pods>} > 0),
    "of", "container", "", ""
  )
  or max by (namespace, pod, persistentvolumeclaim) (
    kube_pod_spec_volumes_persistentvolumeclaims_info{<pods>}
  ) * on (namespace, persistentvolumeclaim) group_left ()
  max by (namespace, persistentvolumeclaim) (
    kubelet_volume_stats_used_bytes{<pods>} / (kubelet_volume_stats_capacity_bytes{<pods>} > 0)
  )
)"""

_WORKLOAD_FAILURES = f"""sum by (namespace, workload) (
  <workload> * on (namespace, pod) group_left () {_risen("7d")}
)"""

LIVES: Mapping[str, str] = {
    "restarts": """sum by (namespace, pod, uid) (max by (namespace, pod, uid, container) (
  kube_pod_container_status_restarts_total{<pods>}
))""",
    "containers_ready_ratio": """avg by (namespace, pod, uid) (
  max by (namespace, pod, uid, container) (kube_pod_container_status_ready{<pods>})
)""",
    "status_code": _code(_STATUSES),
    "last_termination_code": _code(_TERMINATIONS),
}
"""Templates of what is known of each life of a pod. Which life is the latest, a query that asks for
several of them finds out once."""


def of_the_newest(lives: str, *labels: str) -> str:
    """Keep the latest life of each name."""
    by = ", ".join(("namespace", "pod", *labels))
    return f"max by ({by}) ((\n{lives}\n) and on (namespace, pod, uid) <newest>)"


EXPRESSIONS: Mapping[str, str] = {
    **{name: of_the_newest(lives) for name, lives in LIVES.items()},
    "cpu_usage_ratio": _share("<cores>", "cpu"),
    "cpu_throttled_ratio": """max by (namespace, pod) (
  rate(container_cpu_cfs_throttled_periods_total{container!="",<pods>}[<rate>])
  / (rate(container_cpu_cfs_periods_total{container!="",<pods>}[<rate>]) > 0)
  and container_cpu_cfs_periods_total{container!="",<pods>}
)""",
    "memory_usage_ratio": _share("<working_set>", "memory"),
    "memory_working_set_bytes": "sum by (namespace, pod) (<working_set>)",
    "memory_limit_bytes": f"""sum by (namespace, pod) ({_limits("memory")})
and on (namespace, pod) (
  count by (namespace, pod) ({_limits("memory")})
  == on (namespace, pod)
  count by (namespace, pod) (max by (namespace, pod, container) (kube_pod_container_info{{<pods>}}))
)""",
    "restart_count_24h": _risen("24h"),
    "workload_failures_7d": _of_workload(_WORKLOAD_FAILURES),
    # Pods of unknown controllers are counted; a bare pod is the only one of its workload.
    "replicas_desired": f"""{_of_workload(_REPLICAS)}
or on (namespace, pod)
{_of_workload("count by (namespace, workload) (<workload>)")}""",
    "autoscaler_direction": f"{_of_workload(_DIRECTION)}\nor on (namespace, pod) <listed> * 0",
    "node_pressure_score": _of_node(_PRESSURE),
    "node_cpu_ratio": _of_node(_NODE_CPU),
    "node_memory_ratio": _of_node("<node_memory>"),
    "node_disk_ratio": _of_node("<node_disk>"),
    "revision_age_hours": _REVISION_AGE,
    "container_age_minutes": _CONTAINER_AGE,
    "request_rate": _request_rate(),
    "server_error_rate": _server_error_rate(),
    "latency_p95_ms": _latency_p95(),
    "latency_mean_ms": _latency_mean(),
    "error_log_lines_per_min": _LOG_LINES,
    "liveness_failures": _probe_failures("Liveness"),
    "readiness_failures": _probe_failures("Readiness"),
    "scrape_up": """min by (namespace, pod) (
  max by (namespace, pod, container, instance) (up{pod!="",<pods>})
)""",
    "scrape_seconds": """max by (namespace, pod) (scrape_duration_seconds{pod!="",<pods>})""",
    "open_fds_ratio": """max by (namespace, pod) (
  process_open_fds{pod!="",<pods>} / (process_max_fds{pod!="",<pods>} > 0)
)""",
    "network_receive_bytes_per_s": _own_network("receive_bytes"),
    "network_transmit_bytes_per_s": _own_network("transmit_bytes"),
    "network_drops_per_s": f"""({_own_network("receive_packets_dropped")})
+ on (namespace, pod)
({_own_network("transmit_packets_dropped")})""",
    "disk_usage_ratio": _VOLUMES,
}
"""Signal name to template, without the restriction to listed pods."""

"""Each join and fall-back of the queries, on a real Prometheus fed with small stories."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.pods import PodRef, PodStatus
from podforecast.domain.signals import SIGNAL_NAMES
from tests.telemetry.stories import NOW, deployed, growing, listed, owned, told, twice

pytestmark = pytest.mark.prometheus

DAY = 1440.0


def last(block, name: str) -> dict[str, float]:
    """Value of a signal per pod at the end, known ones only."""
    values = block.signal(name)[:, -1]
    return {
        pod.name: round(float(v), 6) for pod, v in zip(block.pods, values, strict=True) if v == v
    }


def container(pod: str, name: str = "app", **more: str) -> str:
    extra = "".join(f',{key}="{value}"' for key, value in more.items())
    return f'namespace="shop",pod="{pod}",uid="u-{pod}",container="{name}"{extra}'


def limit(pod: str, resource: str, value: float, name: str = "app"):
    return told(
        f"kube_pod_container_resource_limits{{{container(pod, name, resource=resource)}}}", value
    )


def using(pod: str, *, cores: float = 0.0, memory: float = 0.0, name: str = "app", **more: float):
    inside = container(pod, name, id=f"/{pod}/{name}")
    yield told(f"container_cpu_usage_seconds_total{{{inside}}}", growing(cores), **more)
    yield told(f"container_memory_working_set_bytes{{{inside}}}", memory, **more)


def allocatable(resource: str, value: float):
    return told(f'kube_node_status_allocatable{{node="n1",resource="{resource}"}}', value)


def restarts(pod: str, shape, *, uid: str = "", **when: float):
    uid = uid or f"u-{pod}"
    inside = f'namespace="shop",pod="{pod}",uid="{uid}",container="app"'
    return told(f"kube_pod_container_status_restarts_total{{{inside}}}", shape, **when)


def rising(before: float, after: float, at_minutes: float):
    return lambda seconds: np.where(seconds < 60.0 * at_minutes, before, after)


# ------------------------------------------------------------------ which pods exist


def test_no_kube_state_metrics_means_no_pods_and_no_error(tell):
    block = tell(using("web", cores=0.1, memory=100.0), SIGNAL_NAMES)
    assert block.pods == ()
    assert {values.shape for values in block.signals.values()} == {(0, 1)}


def test_a_deleted_pod_leaves_no_ghost_rows(tell):
    gone = [
        told('kube_pod_info{namespace="shop",pod="gone",uid="u"}', 1.0, until=0.5, stale=True),
        *using("gone", cores=0.1, memory=100.0, until=0.5),
    ]
    block = tell([*gone, *listed("here"), limit("gone", "cpu", 1.0)], SIGNAL_NAMES)
    assert [pod.name for pod in block.pods] == ["here"]


def test_completed_pods_are_left_out(tell):
    done = told(
        'kube_pod_status_phase{namespace="shop",pod="job",uid="u-job",phase="Succeeded"}', 1.0
    )
    block = tell([*listed("job"), done, restarts("job", 0.0), *listed("web"), restarts("web", 0.0)],
                 ["restarts", "status_code"])  # fmt: skip
    assert block.pods == (PodRef("shop", "web"),)


# ------------------------------------------------------------------ CPU and memory


def test_usage_is_the_worst_containers_share_of_its_limit(tell):
    story = [
        *listed("web"),
        *using("web", cores=0.25, memory=300.0),
        *using("web", cores=1.0, memory=900.0, name="proxy"),
        limit("web", "cpu", 0.5),
        limit("web", "memory", 1000.0),
    ]
    block = tell(story, ["cpu_usage_ratio", "memory_usage_ratio", "memory_working_set_bytes"])
    assert last(block, "cpu_usage_ratio") == {"web": 0.5}
    assert last(block, "memory_usage_ratio") == {"web": 0.3}
    assert last(block, "memory_working_set_bytes") == {"web": 1200.0}


def test_without_any_limit_the_node_is_the_limit(tell):
    story = [*listed("db"), *using("db", cores=1.0, memory=2000.0),
             *using("db", name="log", memory=500.0),
             allocatable("cpu", 4.0), allocatable("memory", 10_000.0)]  # fmt: skip
    block = tell(story, ["cpu_usage_ratio", "memory_usage_ratio", "memory_limit_bytes"])
    assert last(block, "cpu_usage_ratio") == {"db": 0.25}
    assert last(block, "memory_usage_ratio") == {"db": 0.25}
    assert last(block, "memory_limit_bytes") == {}


def test_a_pods_limit_is_unknown_where_one_container_has_none(tell):
    def info(pod: str, name: str):
        return told(f"kube_pod_container_info{{{container(pod, name)}}}", 1.0)

    story = [*listed("half"), limit("half", "memory", 100.0), info("half", "app"),
             info("half", "log"), *listed("full"), limit("full", "memory", 100.0),
             limit("full", "memory", 50.0, "log"),
             info("full", "app"), info("full", "log")]  # fmt: skip
    assert last(tell(story, ["memory_limit_bytes"]), "memory_limit_bytes") == {"full": 150.0}


def test_two_of_every_exporter_count_once(tell):
    requests = f'{{{container("web")},http_response_status_code="200"}}'
    story = twice(
        [
            *listed("web"),
            *deployed("web", "web-1", "web"),
            *using("web", cores=0.25, memory=300.0),
            limit("web", "cpu", 0.5),
            limit("web", "memory", 1000.0),
            restarts("web", 2.0),
            told('kube_deployment_spec_replicas{namespace="shop",deployment="web"}', 4.0),
            told(f"http_server_request_duration_seconds_count{requests}", growing(2.0)),
            told(f"http_server_request_duration_seconds_sum{requests}", growing(0.1)),
        ],
        "prometheus_replica",
    )
    block = tell(story, SIGNAL_NAMES)
    expected = {"cpu_usage_ratio": 0.5, "memory_usage_ratio": 0.3, "restarts": 2.0,
                "memory_working_set_bytes": 300.0, "replicas_desired": 4.0, "request_rate": 2.0,
                "latency_mean_ms": 50.0, "restart_count_24h": 2.0,
                "workload_failures_7d": 2.0}  # fmt: skip
    assert {name: last(block, name) for name in expected} == {
        name: {"web": value} for name, value in expected.items()
    }
    assert block.workloads == ("shop/web",)


def test_a_replaced_container_does_not_keep_its_rate(tell):
    old, new = container("web", id="/old"), container("web", id="/new")
    story = [
        *listed("web"),
        limit("web", "cpu", 1.0),
        told(f"container_cpu_usage_seconds_total{{{old}}}", growing(0.9), until=0.5, stale=True),
        told(f"container_cpu_usage_seconds_total{{{new}}}", growing(0.1), since=2.0),
    ]
    assert last(tell(story, ["cpu_usage_ratio"]), "cpu_usage_ratio") == {"web": 0.1}


def test_throttling_is_a_share_of_periods(tell):
    inside = container("web", id="/web")
    story = [
        *listed("web"),
        told(f"container_cpu_cfs_periods_total{{{inside}}}", growing(10.0)),
        told(f"container_cpu_cfs_throttled_periods_total{{{inside}}}", growing(4.0)),
    ]
    assert last(tell(story, ["cpu_throttled_ratio"]), "cpu_throttled_ratio") == {"web": 0.4}


# ------------------------------------------------------------------ restarts


def test_restarts_of_24_hours_are_exact_for_old_and_young_pods(tell):
    story = [
        *listed("old", created=3 * DAY),
        restarts("old", rising(7.0, 9.0, 1400.0), since=DAY + 10, every=60.0),
        *listed("young", created=30.0),
        restarts("young", 3.0),
        *owned_by_nothing("old"),
    ]
    block = tell(story, ["restarts", "restart_count_24h", "workload_failures_7d"])
    assert last(block, "restart_count_24h") == {"old": 2.0, "young": 3.0}
    assert last(block, "restarts") == {"old": 9.0, "young": 3.0}
    assert last(block, "workload_failures_7d") == {"old": 9.0, "young": 3.0}


def owned_by_nothing(pod: str):
    yield told(f'kube_pod_owner{{namespace="shop",pod="{pod}",owner_kind="",owner_name=""}}', 1.0)


def test_a_recreated_statefulset_pod_inherits_nothing(tell):
    """The old life has no staleness marker: it is still answered for five minutes."""

    def reason(name: str, uid: str, reason: str, **when: float):
        inside = f'namespace="shop",pod="db-0",uid="{uid}",container="app",reason="{reason}"'
        return told(f"kube_pod_container_status_{name}_reason{{{inside}}}", 1.0, **when)

    story = [
        *listed("db-0", uid="old", since=40.0, created=500.0),
        restarts("db-0", 50.0, uid="old", since=40.0, until=1.0),
        reason("waiting", "old", "CrashLoopBackOff", since=40.0, until=1.0),
        reason("last_terminated", "old", "OOMKilled", since=40.0, until=1.0),
        *listed("db-0", uid="new", since=1.0, created=1.0),
        restarts("db-0", 1.0, uid="new", since=1.0),
        reason("waiting", "new", "ContainerCreating", since=1.0),
    ]
    block = tell(story, SIGNAL_NAMES)
    assert last(block, "restarts") == {"db-0": 1.0}
    assert last(block, "restart_count_24h") == {"db-0": 1.0}
    assert last(block, "status_code") == {"db-0": PodStatus.CONTAINER_CREATING.code}
    assert last(block, "last_termination_code") == {"db-0": 0.0}


def test_failures_of_a_workload_are_those_of_its_pods(tell):
    story = [*listed("a"), *deployed("a", "rs", "web"), restarts("a", 2.0),
             *listed("b"), owned("b", "ReplicaSet", "rs"), restarts("b", 3.0),
             *listed("c"), restarts("c", 1.0)]  # fmt: skip
    found = last(tell(story, ["workload_failures_7d"]), "workload_failures_7d")
    assert found == {"a": 5.0, "b": 5.0, "c": 1.0}


# ------------------------------------------------------------------ workloads


def test_every_pod_finds_its_workload(tell):
    job = told(
        'kube_job_owner{namespace="shop",job_name="tidy-1",owner_kind="CronJob",owner_name="tidy"}',
        1.0,
    )
    story = [
        *listed("web-x"), *deployed("web-x", "web-1", "web"),
        *listed("db-0"), owned("db-0", "StatefulSet", "db"),
        *listed("tidy-1-x"), owned("tidy-1-x", "Job", "tidy-1"), job,
        *listed("once-x"), owned("once-x", "Job", "once"),
        *listed("roll-x"), owned("roll-x", "ReplicaSet", "roll-rs"),
        *listed("static-n1"), owned("static-n1", "Node", "n1"),
        *listed("none"), owned("none", "<none>", "<none>"),
        *listed("bare"),
    ]  # fmt: skip
    block = tell(story, ["autoscaler_direction"])
    assert dict(zip((pod.name for pod in block.pods), block.workloads, strict=True)) == {
        "web-x": "shop/web", "db-0": "shop/db", "tidy-1-x": "shop/tidy", "once-x": "shop/once",
        "roll-x": "shop/roll-rs", "static-n1": "shop/static-n1", "none": "shop/none",
        "bare": "shop/bare",
    }  # fmt: skip


def test_the_workload_of_a_pod_that_is_gone_is_known(tell):
    inside = 'namespace="shop",pod="db-1",uid="u-db-1"'
    story = [
        told(f"kube_pod_info{{{inside}}}", 1.0, since=9.0, until=7.0, stale=True),
        told(f'kube_pod_owner{{{inside},owner_kind="StatefulSet",owner_name="db"}}', 1.0,
             since=9.0, until=7.0, stale=True),
        *listed("web"),
    ]  # fmt: skip
    block = tell(story, ["autoscaler_direction"], minutes=9.0)
    assert dict(zip((pod.name for pod in block.pods), block.workloads, strict=True)) == {
        "db-1": "shop/db",
        "web": "shop/web",
    }


def test_desired_replicas_are_counted_where_no_controller_says_them(tell):
    story = [
        *listed("db-0"), owned("db-0", "StatefulSet", "db"),
        told('kube_statefulset_replicas{namespace="shop",statefulset="db"}', 3.0),
        *listed("roll-x"), owned("roll-x", "ReplicaSet", "roll-rs"),
        *listed("roll-y"), owned("roll-y", "ReplicaSet", "roll-rs"),
        *listed("bare"),
    ]  # fmt: skip
    found = last(tell(story, ["replicas_desired"]), "replicas_desired")
    assert found == {"db-0": 3.0, "roll-x": 2.0, "roll-y": 2.0, "bare": 1.0}


@pytest.mark.parametrize(
    ("desired", "expected"),
    [
        pytest.param(rising(4.0, 6.0, 10.0), 1.0, id="up"),
        pytest.param(rising(6.0, 4.0, 10.0), -1.0, id="down"),
        pytest.param(4.0, 0.0, id="steady"),
    ],
)
def test_the_autoscalers_direction_is_that_of_ten_minutes(tell, desired, expected):
    hpa = 'namespace="shop",horizontalpodautoscaler="web-hpa"'
    story = [
        *listed("web-x"), *deployed("web-x", "web-1", "web"), *listed("other"),
        told(f"kube_horizontalpodautoscaler_status_desired_replicas{{{hpa}}}", desired, since=15.0),
        told(f'kube_horizontalpodautoscaler_info{{{hpa},scaletargetref_name="web"}}', 1.0),
    ]  # fmt: skip
    found = last(tell(story, ["autoscaler_direction"]), "autoscaler_direction")
    assert found == {"web-x": expected, "other": 0.0}


def test_a_revision_is_as_old_as_its_replicaset(tell):
    created = told(
        'kube_replicaset_created{namespace="shop",replicaset="web-1"}', NOW.timestamp() - 7200.0
    )
    story = [*listed("web-x", created=5.0), *deployed("web-x", "web-1", "web"), created,
             *listed("bare", created=30.0)]  # fmt: skip
    # Gauges whose value is a time move along with the story only where the mover knows them.
    assert last(tell(story, ["revision_age_hours"]), "revision_age_hours") == {
        "web-x": 2.0,
        "bare": 0.5,
    }


def test_the_youngest_container_gives_the_age(tell):
    def started(name: str, minutes: float):
        inside = container("web", name, id=name)
        return told(f"container_start_time_seconds{{{inside}}}", NOW.timestamp() - 60 * minutes)

    story = [*listed("web"), started("app", 90.0), started("proxy", 4.0)]
    assert last(tell(story, ["container_age_minutes"]), "container_age_minutes") == {"web": 4.0}


# ------------------------------------------------------------------ nodes


def node_story(node: str, *, memory: float, disk: float, idle: float):
    at = f'instance="10.0.0.{node[-1]}:9100"'
    yield told(f'node_uname_info{{{at},nodename="{node}"}}', 1.0)
    yield told(f"node_memory_MemAvailable_bytes{{{at}}}", 100.0 - memory)
    yield told(f"node_memory_MemTotal_bytes{{{at}}}", 100.0)
    yield told(f'node_filesystem_avail_bytes{{{at},mountpoint="/",fstype="ext4"}}', 100.0 - disk)
    yield told(f'node_filesystem_size_bytes{{{at},mountpoint="/",fstype="ext4"}}', 100.0)
    for cpu in ("0", "1"):
        yield told(f'node_cpu_seconds_total{{{at},cpu="{cpu}",mode="idle"}}', growing(idle))


def condition(node: str, name: str, status: str):
    return told(
        f'kube_node_status_condition{{node="{node}",condition="{name}",status="{status}"}}', 1.0
    )


def test_a_pod_has_the_pressure_of_its_own_node(tell):
    story = [
        *listed("a", node="n1"), *node_story("n1", memory=74.0, disk=30.0, idle=0.75),
        *listed("b", node="n2"), *node_story("n2", memory=20.0, disk=80.0, idle=0.1),
        *listed("c", node="n3"), condition("n3", "MemoryPressure", "true"),
        *listed("d", node="n4"), condition("n4", "Ready", "unknown"),
        *listed("e", node="n5"), condition("n5", "Ready", "true"),
    ]  # fmt: skip
    names = ["node_pressure_score", "node_cpu_ratio", "node_memory_ratio", "node_disk_ratio"]
    block = tell(story, names)
    assert last(block, "node_pressure_score") == {"a": 0.74, "b": 0.8, "c": 1.0, "d": 1.0}
    assert last(block, "node_cpu_ratio") == {"a": 0.25, "b": 0.9}
    assert last(block, "node_memory_ratio") == {"a": 0.74, "b": 0.2}
    assert last(block, "node_disk_ratio") == {"a": 0.3, "b": 0.8}


# ------------------------------------------------------------------ requests, logs, probes


def requests(pod: str, status: str, *, per_second: float, seconds: float):
    inside = container(pod, http_route="/work", http_response_status_code=status)
    metric = "http_server_request_duration_seconds"
    yield told(f"{metric}_count{{{inside}}}", growing(per_second))
    yield told(f"{metric}_sum{{{inside}}}", growing(per_second * seconds))
    for bound in ("0.05", "0.1", "+Inf"):
        inside_bound = f'{inside},le="{bound}"'
        within = per_second if bound == "+Inf" or seconds <= float(bound) else 0.0
        yield told(f"{metric}_bucket{{{inside_bound}}}", growing(within))


def test_requests_errors_and_latency(tell):
    story = [
        *listed("web"), *requests("web", "200", per_second=3.0, seconds=0.02),
        *requests("web", "503", per_second=1.0, seconds=0.06),
        *listed("fine"), *requests("fine", "200", per_second=2.0, seconds=0.1),
        *listed("idle"), *requests("idle", "200", per_second=0.0, seconds=0.1),
        *listed("none"),
    ]  # fmt: skip
    block = tell(story, SIGNAL_NAMES)
    assert last(block, "request_rate") == {"web": 4.0, "fine": 2.0, "idle": 0.0}
    assert last(block, "server_error_rate") == {"web": 1.0, "fine": 0.0, "idle": 0.0}
    assert last(block, "latency_mean_ms") == {"web": 30.0, "fine": 100.0}
    assert last(block, "latency_p95_ms") == pytest.approx({"web": 90.0, "fine": 97.5})


@pytest.mark.parametrize(
    ("metric", "status", "scale"),
    [
        pytest.param("http_server_requests_seconds", "status", 1.0, id="Micrometer"),
        pytest.param("istio_request_duration_milliseconds", "response_code", 1000.0, id="Istio"),
    ],
)
def test_other_instrumentations_are_understood(tell, metric, status, scale):
    inside = f'{container("web")},{status}="500",reporter="destination"'
    story = [
        *listed("web"),
        told(f"{metric}_count{{{inside}}}", growing(2.0)),
        told(f"{metric}_sum{{{inside}}}", growing(2.0 * 0.04 * scale)),
    ]
    block = tell(story, ["request_rate", "server_error_rate", "latency_mean_ms"])
    assert last(block, "request_rate") == {"web": 2.0}
    assert last(block, "server_error_rate") == {"web": 2.0}
    assert last(block, "latency_mean_ms") == {"web": 40.0}


def test_error_lines_are_those_of_error_level(tell):
    def lines(level: str, per_second: float):
        inside = container("web", level=level)
        return told(f"container_log_messages_total{{{inside}}}", growing(per_second))

    story = [*listed("web"), lines("info", 9.0), lines("error", 0.5), lines("CRITICAL", 0.25)]
    assert last(tell(story, ["error_log_lines_per_min"]), "error_log_lines_per_min") == {
        "web": 45.0
    }


def test_probe_failures_count_from_zero(tell):
    def probes(pod: str, kind: str, result: str, count: float):
        inside = f'namespace="shop",pod="{pod}",container="app",pod_uid="u-{pod}"'
        return told(f'prober_probe_total{{{inside},probe_type="{kind}",result="{result}"}}', count)

    story = [
        *listed("fine"), probes("fine", "Liveness", "successful", 80.0),
        *listed("ill"), probes("ill", "Liveness", "successful", 80.0),
        probes("ill", "Liveness", "failed", 2.0), probes("ill", "Readiness", "failed", 5.0),
        *listed("none"),
    ]  # fmt: skip
    block = tell(story, ["liveness_failures", "readiness_failures"])
    assert last(block, "liveness_failures") == {"fine": 0.0, "ill": 2.0}
    assert last(block, "readiness_failures") == {"ill": 5.0}


def test_scrapes_and_descriptors_of_the_pods_own_endpoint(tell):
    at = 'namespace="shop",pod="web",container="app",instance="10.1.0.1:8080"'
    story = [
        *listed("web"), told(f"up{{{at}}}", 1.0), told(f"scrape_duration_seconds{{{at}}}", 0.25),
        told(f"process_open_fds{{{at}}}", 64.0), told(f"process_max_fds{{{at}}}", 256.0),
        *listed("down"), told('up{namespace="shop",pod="down",instance="10.1.0.2:8080"}', 0.0),
        told('up{instance="10.0.0.1:9100"}', 0.0),
    ]  # fmt: skip
    block = tell(story, ["scrape_up", "scrape_seconds", "open_fds_ratio"])
    assert last(block, "scrape_up") == {"web": 1.0, "down": 0.0}
    assert last(block, "scrape_seconds") == {"web": 0.25}
    assert last(block, "open_fds_ratio") == {"web": 0.25}


# ------------------------------------------------------------------ state


def phase(name: str):
    return told(
        f'kube_pod_status_phase{{namespace="shop",pod="web",uid="u-web",phase="{name}"}}', 1.0
    )


def because(kind: str, reason: str, **when: float):
    inside = f'{container("web")},reason="{reason}"'
    return told(f"kube_pod_container_status_{kind}_reason{{{inside}}}", 1.0, **when)


@pytest.mark.parametrize(
    ("story", "status"),
    [
        pytest.param([phase("Running")], PodStatus.RUNNING, id="running"),
        pytest.param([phase("Pending")], PodStatus.PENDING, id="pending"),
        pytest.param([phase("Pending"), because("waiting", "ContainerCreating")],
                     PodStatus.CONTAINER_CREATING, id="creating"),
        pytest.param([phase("Pending"), because("waiting", "ErrImagePull")],
                     PodStatus.ERROR, id="image"),
        pytest.param([phase("Failed")], PodStatus.ERROR, id="failed"),
        pytest.param([phase("Running"), because("terminated", "OOMKilled")],
                     PodStatus.ERROR, id="ended"),
        pytest.param([phase("Running"), because("terminated", "Completed")],
                     PodStatus.RUNNING, id="completed"),
        pytest.param([phase("Running"), because("waiting", "CrashLoopBackOff", since=3.0, until=2.0,
                                                stale=True)],
                     PodStatus.CRASH_LOOP_BACK_OFF, id="between two back-offs"),
        pytest.param([phase("Running"), because("waiting", "CrashLoopBackOff", since=9.0, until=5.5,
                                                stale=True)],
                     PodStatus.RUNNING, id="out of the loop"),
        pytest.param([phase("Unknown"), because("waiting", "CrashLoopBackOff")], PodStatus.UNKNOWN,
                     id="unknown"),
    ],
)  # fmt: skip
def test_the_severest_status_wins(tell, story, status):
    assert last(tell([*listed("web"), *story], ["status_code"]), "status_code") == {
        "web": status.code
    }


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        pytest.param([], 0.0, id="none"),
        pytest.param(["Completed"], 1.0, id="completed"),
        pytest.param(["ContainerCannotRun"], 2.0, id="any other"),
        pytest.param(["Error", "OOMKilled"], 3.0, id="of two containers the worst"),
    ],
)
def test_the_last_termination_has_a_code(tell, reasons, code):
    ended = [because("last_terminated", reason) for reason in reasons]
    block = tell([*listed("web"), restarts("web", 1.0), *ended], ["last_termination_code"])
    assert last(block, "last_termination_code") == {"web": code}


def test_ready_containers_are_a_share(tell):
    def ready(name: str, value: float):
        return told(f"kube_pod_container_status_ready{{{container('web', name)}}}", value)

    block = tell(
        [*listed("web"), ready("app", 0.0), ready("proxy", 1.0)], ["containers_ready_ratio"]
    )
    assert last(block, "containers_ready_ratio") == {"web": 0.5}


# ------------------------------------------------------------------ network and disk


def network(pod: str, quantity: str, per_second: float, interface: str = "eth0"):
    inside = f'namespace="shop",pod="{pod}",interface="{interface}",id="/{pod}"'
    return told(f"container_network_{quantity}_total{{{inside}}}", growing(per_second))


def test_pods_on_the_hosts_network_have_no_traffic_of_their_own(tell):
    def traffic(pod: str):
        yield network(pod, "receive_bytes", 100.0)
        yield network(pod, "receive_bytes", 7.0, "lo")
        yield network(pod, "transmit_bytes", 50.0)
        yield network(pod, "receive_packets_dropped", 2.0)
        yield network(pod, "transmit_packets_dropped", 1.0)

    story = [*listed("web", host_network="false"), *traffic("web"),
             *listed("agent", host_network="true"), *traffic("agent")]  # fmt: skip
    block = tell(story, SIGNAL_NAMES)
    assert last(block, "network_receive_bytes_per_s") == {"web": 100.0}
    assert last(block, "network_transmit_bytes_per_s") == {"web": 50.0}
    assert last(block, "network_drops_per_s") == {"web": 3.0}


def test_the_fullest_of_file_systems_and_volumes_counts(tell):
    inside = container("db", id="/db")
    claim = 'namespace="shop",persistentvolumeclaim="data"'
    story = [
        *listed("db"),
        told(f"container_fs_usage_bytes{{{inside}}}", 10.0),
        told(f"container_fs_limit_bytes{{{inside}}}", 100.0),
        told(
            f'kube_pod_spec_volumes_persistentvolumeclaims_info{{{claim},pod="db",volume="v"}}', 1.0
        ),
        told(f"kubelet_volume_stats_used_bytes{{{claim}}}", 80.0),
        told(f"kubelet_volume_stats_capacity_bytes{{{claim}}}", 100.0),
    ]
    assert last(tell(story, ["disk_usage_ratio"]), "disk_usage_ratio") == {"db": 0.8}

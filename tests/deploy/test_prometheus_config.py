"""k8s/monitoring/prometheus: every series that a query selects is scraped, under its labels."""

from __future__ import annotations

import functools
import re
import subprocess
import time
from contextlib import ExitStack

import httpx
import pytest

from podforecast.telemetry.prometheus.queries import METRICS
from tests.deploy.kustomize import K8S, containers, name, of_kind, pod, rendered
from tests.deploy.scraping import CONFIG, JOBS, served, standing_in
from tests.telemetry.prometheus_server import running

pytestmark = [pytest.mark.kubernetes, pytest.mark.prometheus]

BY_PROMETHEUS = {"up", "scrape_duration_seconds"}
OF_APPS = re.compile(r"http_server_|istio_|process_|logback_|container_log_messages_")
SOURCES = (
    ("pods", OF_APPS),
    ("cadvisor", re.compile(r"container_")),
    ("kubelet-probes", re.compile(r"prober_")),
    ("kubelet", re.compile(r"kubelet_")),
    ("kube-state-metrics", re.compile(r"kube_")),
    ("node-exporter", re.compile(r"node_")),
)
COLLECTORS = {"node_cpu": "cpu", "node_filesystem": "filesystem", "node_memory": "meminfo",
              "node_pressure": "pressure", "node_uname": "uname"}  # fmt: skip
KINDS = {"kube_horizontalpodautoscaler": "horizontalpodautoscalers", "kube_daemonset": "daemonsets",
         "kube_deployment": "deployments", "kube_statefulset": "statefulsets", "kube_job": "jobs",
         "kube_replicaset": "replicasets", "kube_node": "nodes", "kube_pod": "pods"}  # fmt: skip
DISCOVERED = {"cadvisor": "node", "kubelet-probes": "node", "kubelet": "node",
              "node-exporter": "pod", "podforecast": "pod", "pods": "pod"}  # fmt: skip
NODE = "worker-1"
OWN = 'namespace="shop",pod="web-1"'


def source_of(metric):
    return next(job for job, pattern in SOURCES if pattern.match(metric))


def arguments(workload):
    (found,) = [each for each in rendered("monitoring") if name(each) == workload]
    return [text for each in containers(pod(found)) for text in each["args"]]


def listed(workload, flag):
    (found,) = [text for text in arguments(workload) if text.startswith(f"--{flag}=")]
    return found.partition("=")[2]


# ---------------------------------------------------------------- what can be read off


@pytest.mark.parametrize("metric", sorted(set(METRICS) - BY_PROMETHEUS))
def test_what_a_query_selects_is_kept_by_its_job(metric):
    for rule in JOBS[source_of(metric)].get("metric_relabel_configs", ()):
        if rule.get("action") == "keep" and rule["source_labels"] == ["__name__"]:
            assert re.fullmatch(rule["regex"], metric)


@pytest.mark.parametrize("metric", [each for each in METRICS if each.startswith("node_")])
def test_the_exporter_of_nodes_collects_what_a_query_selects(metric):
    (collector,) = [each for prefix, each in COLLECTORS.items() if metric.startswith(prefix)]
    assert f"--collector.{collector}" in arguments("DaemonSet/node-exporter")


@pytest.mark.parametrize("metric", [each for each in METRICS if each.startswith("kube_")])
def test_kube_state_metrics_watches_what_a_query_selects(metric):
    kind = next(kind for prefix, kind in KINDS.items() if metric.startswith(prefix))
    assert kind in listed("Deployment/kube-state-metrics", "resources").split(",")


def test_kube_state_metrics_may_look_at_what_it_watches_and_at_nothing_else():
    (role,) = [each for each in of_kind(rendered("monitoring"), "ClusterRole")
               if each["metadata"]["name"].endswith("kube-state-metrics")]  # fmt: skip
    may = {kind for rule in role["rules"] for kind in rule["resources"]}
    assert may == set(listed("Deployment/kube-state-metrics", "resources").split(","))


def test_pods_can_be_muted_by_annotation():
    allowed = listed("Deployment/kube-state-metrics", "metric-annotations-allowlist")
    assert allowed == "pods=[podforecast.io/mute]"


def test_a_window_is_made_of_fifteen_seconds():
    assert CONFIG["global"]["scrape_interval"] == "15s"
    assert [name for name, job in JOBS.items() if "scrape_interval" in job] == []


def test_what_is_discovered_is_what_the_account_may_list():
    roles = {job: [each["role"] for each in config["kubernetes_sd_configs"]]
             for job, config in JOBS.items() if "kubernetes_sd_configs" in config}  # fmt: skip
    assert roles == {job: [role] for job, role in DISCOVERED.items()}


def test_the_addresses_in_the_configuration_are_services():
    configs = [JOBS["kube-state-metrics"], *CONFIG["alerting"]["alertmanagers"]]
    hosts = {target for config in configs for group in config["static_configs"]
             for target in group["targets"]}  # fmt: skip
    services = {f"{each['metadata']['name']}:{port['port']}"
                for each in of_kind(rendered("monitoring"), "Service")
                for port in each["spec"]["ports"]}  # fmt: skip
    assert hosts
    assert hosts <= services


def test_files_in_the_configuration_are_mounted():
    (found,) = [each for each in rendered("monitoring") if name(each) == "StatefulSet/prometheus"]
    mounted = {mount["mountPath"] for mount in containers(pod(found))[0]["volumeMounts"]}
    files = [JOBS["podforecast"]["authorization"]["credentials_file"], *CONFIG["rule_files"],
             listed("StatefulSet/prometheus", "config.file")]  # fmt: skip
    assert {file.rpartition("/")[0] for file in files} < mounted


def test_every_file_of_rules_is_there():
    (rules,) = [each for each in of_kind(rendered("monitoring"), "ConfigMap")
                if each["metadata"]["name"].startswith("prometheus-rules")]  # fmt: skip
    files = (K8S / "monitoring" / "rules").iterdir()
    assert rules["data"] == {file.name: file.read_text() for file in files}


# ---------------------------------------------------------------- a real Prometheus


def line(metric, labels):
    return f"{metric}{{{labels}}} 1\n"


def page_of(job, labels):
    return "".join(line(each, labels) for each in METRICS
                   if each not in BY_PROMETHEUS and source_of(each) == job)  # fmt: skip


PAGES = {
    "cadvisor": {
        "/metrics/cadvisor": page_of("cadvisor", f'{OWN},container="web"')
        + line("container_memory_working_set_bytes", 'id="/"')
        + line("container_tasks_state", OWN)
    },
    "kubelet-probes": {
        "/metrics/probes": page_of("kubelet-probes", f'{OWN},container="web"')
        + line("process_open_fds", "")
    },
    "kubelet": {
        "/metrics": page_of("kubelet", 'namespace="shop",persistentvolumeclaim="disk"')
        + line("kubelet_running_pods", "")
    },
    "kube-state-metrics": {"/metrics": page_of("kube-state-metrics", OWN)},
    "node-exporter": {"/metrics": page_of("node-exporter", 'nodename="ip-10-0-0-1"')},
    "podforecast": {"/metrics": page_of("pods", "")},
    "pods": {"/metrics": page_of("pods", ""), "/own/metrics": page_of("pods", "")},
}
"""Job to what is behind each path."""


def annotated(space, number, **more):
    asked = {"pod_annotation_prometheus_io_scrape": "true",
             "pod_annotation_prometheus_io_port": "8080", "pod_container_port_number": "8080",
             "namespace": space, "pod_name": f"web-{number}", "pod_container_name": "web",
             "pod_phase": "Running", "pod_node_name": NODE}  # fmt: skip
    return {**asked, **more}


ON_NODE = [{"node_name": NODE}]
TARGETS = {
    "cadvisor": ON_NODE,
    "kubelet-probes": ON_NODE,
    "kubelet": ON_NODE,
    "kube-state-metrics": [{}],
    "node-exporter": [
        {"pod_label_app_kubernetes_io_name": "node-exporter", "pod_node_name": NODE},
        {"pod_label_app_kubernetes_io_name": "prometheus", "pod_node_name": "another"},
    ],
    "podforecast": [annotated("podforecast", 1)],
    "pods": [
        annotated("shop", 1),
        annotated("shop", 2, pod_annotation_prometheus_io_path="/own/metrics"),
        annotated("shop", 3, pod_annotation_prometheus_io_scrape="false"),
        annotated("shop", 4, pod_container_port_number="9999"),
        annotated("shop", 5, pod_phase="Succeeded"),
        annotated("shop", 6, pod_container_init="true"),
        annotated("podforecast", 1),
    ],
}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A real Prometheus with our configuration; gives a function that asks it."""
    folder = tmp_path_factory.mktemp("prometheus")
    with ExitStack() as stack:
        addresses = {job: stack.enter_context(served(ready(pages))) for job, pages in PAGES.items()}
        config = standing_in(addresses, TARGETS)
        url = stack.enter_context(running(folder, config=config))

        def ask(query):
            answer = httpx.get(f"{url}/api/v1/query", params={"query": query}, trust_env=False)
            return [each["metric"] for each in answer.json()["data"]["result"]]

        wait_for_a_scrape(ask)
        yield ask


def ready(pages):
    return {path: functools.partial(str, page) for path, page in pages.items()}


def wait_for_a_scrape(ask):
    deadline = time.monotonic() + 30
    while {each["job"] for each in ask("scrape_samples_scraped > 0")} != set(JOBS):
        assert time.monotonic() < deadline, ask("up")
        time.sleep(0.1)


def test_promtool_takes_the_configuration(tmp_path):
    config = tmp_path / "prometheus.yml"
    config.write_text(standing_in(dict.fromkeys(JOBS, "127.0.0.1:9"), TARGETS))
    assert promtool(config).returncode == 0, promtool(config).stdout


def test_promtool_refuses_a_misspelt_field(tmp_path):
    config = tmp_path / "prometheus.yml"
    config.write_text(
        standing_in(dict.fromkeys(JOBS, "127.0.0.1:9"), TARGETS).replace(
            "honor_labels", "honour_labels"
        )
    )
    assert promtool(config).returncode == 1


def promtool(config):
    return subprocess.run(["promtool", "check", "config", str(config)],
                          capture_output=True, text=True, check=False)  # fmt: skip


@pytest.mark.parametrize("metric", METRICS)
def test_what_a_query_selects_is_there(prometheus, metric):
    assert prometheus(metric)


@pytest.mark.parametrize(("job", "metrics"), [
    pytest.param("cadvisor", "container_.+", id="cadvisor"),
    pytest.param("kubelet-probes", "prober_.+", id="probes"),
    pytest.param("kube-state-metrics", "kube_.+", id="kube-state-metrics"),
])  # fmt: skip
def test_what_is_said_of_a_pod_is_under_the_pod_s_labels(prometheus, job, metrics):
    found = prometheus(f'{{job="{job}",__name__=~"{metrics}"}}')
    assert {(each["namespace"], each["pod"]) for each in found} == {("shop", "web-1")}
    assert [each for each in found if "exported_pod" in each] == []


def test_neither_the_node_nor_what_nobody_reads_is_kept(prometheus):
    assert prometheus("container_tasks_state") == []
    assert prometheus('container_memory_working_set_bytes{pod=""}') == []
    assert prometheus('process_open_fds{job="kubelet-probes"}') == []
    assert prometheus("kubelet_running_pods") == []


def test_a_node_has_the_name_that_the_cluster_gives_it(prometheus):
    (found,) = prometheus('node_uname_info{job="node-exporter"}')
    assert (found["nodename"], found["instance"], found["node"]) == (NODE, NODE, NODE)
    join = "node_memory_MemTotal_bytes * on (instance) group_left (nodename) node_uname_info"
    assert [each["nodename"] for each in prometheus(join)] == [NODE]


def test_a_pod_is_scraped_where_it_says_and_if_it_says_so(prometheus):
    found = prometheus('up{job="pods"}')
    assert {each["pod"] for each in found} == {"web-1", "web-2"}
    assert prometheus('http_server_request_duration_seconds_count{pod="web-2"}')
    for each in found:
        assert (each["namespace"], each["container"], each["node"]) == ("shop", "web", NODE)


def test_podforecast_itself_is_scraped_once(prometheus):
    assert [each["job"] for each in prometheus('up{namespace="podforecast"}')] == ["podforecast"]


def test_only_pods_count_as_scraped_pods(prometheus):
    assert {each["job"] for each in prometheus('up{pod!=""}')} == {"pods", "podforecast"}

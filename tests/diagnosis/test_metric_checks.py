"""Missing metrics: what they cost, and what is not missed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from podforecast.diagnosis.doctor import examine
from podforecast.diagnosis.exporters import exporter_of
from podforecast.diagnosis.finding import usable
from podforecast.diagnosis.metric_checks import cost_of, metric_states, metrics_by_exporter
from podforecast.errors import TelemetryUnavailable
from podforecast.telemetry.prometheus.queries import METRICS
from tests.diagnosis.made_up import ABSENT, IMPORTANCES, UNLABELLED, facts, fleet, without


def finding(of, check, importances=()):
    return next(f for f in metrics_by_exporter(of, importances) if f.check == check)


def test_a_cluster_without_pods_can_not_be_used():
    found = finding(without(*facts().fleet.pods_with, metrics={"kube_pod_info": ABSENT}),
                    "kube-state-metrics")  # fmt: skip
    assert found.fatal
    assert "kube_pod_info absent" in found.found


def test_a_cluster_without_kube_state_metrics_is_told_how_to_get_it():
    none = {name: ABSENT for name in METRICS if name.startswith("kube_")}
    found = finding(without(*facts().fleet.pods_with, metrics=none), "kube-state-metrics")
    assert found.fatal
    assert "honor_labels" in found.fix


def test_a_cluster_without_cadvisor_can_not_be_used():
    found = finding(without("cpu_usage_ratio", "memory_usage_ratio",
                            metrics={name: ABSENT for name in METRICS
                                     if exporter_of(name).name == "cAdvisor"}),
                    "cAdvisor")  # fmt: skip
    assert found.fatal
    assert "no pod can be forecast" in found.cost
    assert "/metrics/cadvisor" in found.fix


def test_renamed_labels_are_recognised():
    of = replace(without(*facts().fleet.pods_with, metrics={"kube_pod_info": UNLABELLED}),
                 renamed_series=100)  # fmt: skip
    found = finding(of, "kube-state-metrics")
    assert found.state == "wrong"
    assert "100 series, none with the labels namespace, pod" in found.found
    assert "honor_labels: true" in found.fix


def test_a_missing_metric_costs_its_share_of_the_model():
    of = without("open_fds_ratio", metrics={"process_open_fds": ABSENT})
    found = finding(of, "process metrics", IMPORTANCES)
    assert (found.state, found.fatal) == ("missing", False)
    assert "5 features unknown (open_fds_pct," in found.cost
    assert found.cost.endswith("25% of what the model relies on")


def test_an_exporter_that_is_scraped_in_part_is_not_to_be_installed_again():
    dropped = {"node_filesystem_avail_bytes": ABSENT}
    assert "metric_relabel_configs" in finding(without("node_disk_ratio", metrics=dropped),
                                               "node-exporter").fix  # fmt: skip


def test_a_signal_of_few_pods_is_named():
    healthy = facts()
    few = fleet(pods_with={**healthy.fleet.pods_with, "latency_p95_ms": 12})
    assert finding(facts(fleet=few), "request metrics").found.endswith(
        "latency_p95_ms is known of 12 of 100 pods"
    )


def test_a_metric_that_others_stand_in_for_is_not_missed():
    of = without(metrics={"istio_request_duration_milliseconds_count": ABSENT})
    assert finding(of, "request metrics").state == "ok"
    state = {state.name: state for state in metric_states(of)}
    assert state["istio_request_duration_milliseconds_count"].found == "absent, and not needed now"


def test_pods_without_volume_claims_lack_nothing():
    of = without("disk_usage_ratio", metrics={"kubelet_volume_stats_used_bytes": ABSENT,
                                              "container_fs_usage_bytes": ABSENT})  # fmt: skip
    assert finding(of, "kubelet volumes").state == "ok"
    assert finding(of, "cAdvisor").state == "missing"


def test_metrics_that_do_not_join_are_told_apart_from_missing_ones():
    found = finding(without("node_cpu_ratio", metrics={}), "joins")
    assert found.state == "wrong"
    assert "node_cpu_ratio" in found.found
    assert "docs/signals.md" in found.fix


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        pytest.param(["liveness_failures"], "taken for none", id="probes"),
        pytest.param(["status_code"], "scored as if they ran", id="status"),
        pytest.param(["node_disk_ratio"], "1 feature unknown (node_disk_pct)", id="one feature"),
        pytest.param(["cpu_usage_ratio"], "no pod can be forecast", id="core"),
    ],
)
def test_costs_are_in_words(signals, words):
    assert words in cost_of(signals)


def test_a_healthy_prometheus_has_nothing_to_mend():
    found = examine(facts(), IMPORTANCES)
    assert {one.state for one in found} == {"ok"}
    assert all(one.cost == "" and one.fix == "" for one in found)
    assert usable(found)


def test_pods_that_can_not_be_read_are_one_line_and_no_verdict_on_metrics():
    broken = TelemetryUnavailable("too slow", hint="Raise the timeout.")
    found = examine(facts(fleet=broken))
    assert not usable(found)
    assert (found[-1].found, found[-1].fix) == ("too slow", "Raise the timeout.")
    assert [one.check for one in found if one.state != "ok"] == ["pods"]


def test_many_pods_with_too_little_data_are_not_fine():
    found = examine(facts(fleet=fleet(scored=57, insufficient=42)))
    assert usable(found)
    assert (found[-1].state, found[-1].cost) == ("wrong", "42 pods are not forecast")
    assert "up == 0" in found[-1].fix


def test_no_pod_that_can_be_forecast_is_fatal():
    found = examine(facts(fleet=fleet(scored=0)))
    assert not usable(found)
    assert found[-1].check == "pods"

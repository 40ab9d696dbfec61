"""Each remaining feature on a block small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import feature_index
from podforecast.features.build import build

NAN = float("nan")
HOUR = 241
MINUTES = np.arange(HOUR) * 0.25


def steady(value, n_times=HOUR):
    return np.full(n_times, float(value))


def step_up(before, after, *, at=57.0):
    """Changes at a minute of the hour; the window is the last three."""
    return np.where(at > MINUTES, float(before), float(after))


def ramp(per_minute, *, begins=50.0):
    return per_minute * np.maximum(MINUTES - begins, 0.0)


UNKNOWN = [
    pytest.param("server_error_share", {"request_rate": steady(0), "server_error_rate": steady(0)},
                 id="nobody asked: no share of errors"),
    pytest.param("latency_vs_own_past", {"latency_mean_ms": steady(50, 13)},
                 id="no past to compare with"),
    pytest.param("latency_vs_siblings", {"latency_mean_ms": steady(50)}, id="no siblings"),
    pytest.param("siblings_failing_share", {"containers_ready_ratio": steady(1)}, id="only child"),
    pytest.param("restarts_1h", {"status_code": steady(0)}, id="restarts not counted"),
    pytest.param("liveness_failures_3m", {"request_rate": steady(1)}, id="pod never seen"),
    pytest.param("cpu_usage_pct", {"cpu_usage_ratio": [0.5] + [NAN] * 13},
                 id="last sample older than the window"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "signals"), UNKNOWN)
def test_what_is_not_known_is_not_zero(cluster, name, signals):
    assert np.isnan(cluster.feature(name, **signals))


KNOWN = [
    ("cpu_usage_pct", {"cpu_usage_ratio": [0.2] * 12 + [0.33]}, 21.0),
    ("cpu_growth_10m", {"cpu_usage_ratio": ramp(0.05)}, 5.0),
    ("cpu_at_limit_minutes", {"cpu_usage_ratio": step_up(0.3, 0.95, at=40.0)}, 20.0),
    ("cpu_at_limit_minutes", {"cpu_usage_ratio": step_up(0.95, 0.3)}, 0.0),
    ("cpu_vs_own_past", {"cpu_usage_ratio": step_up(0.3, 0.9)}, 60.0),
    ("cpu_vs_siblings", {"cpu_usage_ratio": [steady(0.9), steady(0.2), steady(0.4)]}, 60.0),
    ("cpu_throttled_pct", {"cpu_throttled_ratio": step_up(0.1, 0.7)}, 70.0),
    ("cpu_throttled_vs_own_past", {"cpu_throttled_ratio": step_up(0.1, 0.7)}, 60.0),
    ("error_log_rate", {"error_log_lines_per_min": step_up(0, 12)}, 12.0),
    ("error_log_rate", {"server_error_rate": steady(0.5)}, 30.0),
    ("error_log_rate", {"error_log_lines_per_min": steady(0), "server_error_rate": steady(0.5)}, 0),
    ("error_log_growth_10m", {"error_log_lines_per_min": ramp(3)}, 3.0),
    ("request_latency_ms", {"latency_p95_ms": step_up(40, 250)}, 250.0),
    ("latency_growth_10m", {"latency_mean_ms": ramp(20)}, 20.0),
    ("latency_vs_own_past", {"latency_mean_ms": step_up(50, 200)}, 4.0),
    ("latency_vs_own_past", {"latency_mean_ms": step_up(0, 8)}, 8.0),
    ("latency_vs_siblings", {"latency_mean_ms": [steady(90), steady(30)]}, 3.0),
    ("request_rate", {"request_rate": step_up(1, 3)}, 3.0),
    ("request_rate_vs_own_past", {"request_rate": step_up(1, 3)}, 3.0),
    ("request_rate_vs_own_past", {"request_rate": step_up(1, 0)}, 0.05),
    ("requests_in_flight", {"request_rate": steady(4), "latency_mean_ms": steady(500)}, 2.0),
    ("requests_in_flight", {"request_rate": steady(0), "latency_mean_ms": steady(NAN)}, 0.0),
    ("requests_in_flight_1m",
     {"request_rate": step_up(1, 4, at=59.0), "latency_mean_ms": steady(500)}, 2.0),
    ("requests_in_flight_growth_10m",
     {"request_rate": steady(2), "latency_mean_ms": ramp(500)}, 1.0),
    ("server_error_share", {"request_rate": steady(2), "server_error_rate": steady(0.5)}, 0.25),
    ("server_error_share_1m",
     {"request_rate": steady(2), "server_error_rate": step_up(0, 1, at=59.0)}, 0.5),
    ("server_error_share_growth_10m",
     {"request_rate": steady(2), "server_error_rate": ramp(0.1)}, 0.05),
    ("server_error_minutes",
     {"request_rate": steady(2), "server_error_rate": step_up(0, 1, at=50.0)}, 10.0),
    ("scrape_failure_share", {"scrape_up": [1.0] * 12 + [0.0]}, 1 / 13),
    ("scrape_seconds", {"scrape_seconds": step_up(0.01, 0.4)}, 0.4),
    ("scrape_seconds_worst", {"scrape_seconds": [0.01] * 6 + [2.5] + [0.01] * 6}, 2.5),
    ("scrape_seconds_1m", {"scrape_seconds": step_up(0.01, 0.4, at=59.0)}, 0.4),
    ("scrape_seconds_vs_siblings",
     {"scrape_seconds": [steady(0.9), steady(0.1), steady(0.2)]}, 0.75),
    ("scrape_seconds_growth_10m", {"scrape_seconds": ramp(0.1)}, 0.1),
    ("restart_count_24h", {"restart_count_24h": step_up(0, 3)}, 3.0),
    ("previous_failures", {"workload_failures_7d": steady(6.9999)}, 7.0),
    ("replica_count", {"replicas_desired": step_up(3, 5)}, 5.0),
    ("deployment_uptime_hrs", {"revision_age_hours": steady(12.5)}, 12.5),
    ("autoscaler_action", {"autoscaler_direction": steady(0)}, 0.0),
    ("autoscaler_action", {"autoscaler_direction": steady(1)}, 1.0),
    ("autoscaler_action", {"autoscaler_direction": steady(-1)}, 2.0),
    ("containers_ready_ratio", {"containers_ready_ratio": step_up(1, 0.5)}, 0.5),
    ("minutes_since_restart", {"container_age_minutes": MINUTES - 52.0}, 8.0),
    ("minutes_since_restart", {"container_age_minutes": 3.0 + MINUTES}, 20.0),
    ("last_termination_reason", {"last_termination_code": step_up(0, 3)}, 3.0),
    ("node_pressure_score", {"node_pressure_score": step_up(0.2, 0.6)}, 0.6),
    ("node_cpu_pct", {"node_cpu_ratio": steady(0.7)}, 70.0),
    ("node_memory_pct", {"node_memory_ratio": steady(0.7)}, 70.0),
    ("node_memory_growth_10m", {"node_memory_ratio": ramp(0.02)}, 2.0),
    ("node_memory_growth_10m",
     {"node_memory_ratio": ramp(0.02), "container_age_minutes": steady(0.1)}, 2.0),
    ("node_disk_pct", {"node_disk_ratio": steady(0.4)}, 40.0),
    ("network_receive_kib_per_s", {"network_receive_bytes_per_s": steady(2048)}, 2.0),
    ("network_transmit_kib_per_s", {"network_transmit_bytes_per_s": steady(512)}, 0.5),
    ("network_drops_per_s", {"network_drops_per_s": steady(1.5)}, 1.5),
    ("disk_usage_pct", {"disk_usage_ratio": steady(0.81)}, 81.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "signals", "expected"), KNOWN)
def test_a_feature_reads(cluster, name, signals, expected):
    assert cluster.feature(name, **signals) == pytest.approx(expected)


PROBES = [
    pytest.param([2] * 228 + [NAN] + [2] * 11 + [4], 2.0, id="two more in the window"),
    pytest.param([NAN] * 238 + [1, 2, 3], 3.0, id="counter appears with the first failure"),
    pytest.param([5] * 241, 0.0, id="old failures"),
    pytest.param([NAN] * 241, 0.0, id="never failed: no counter"),
    pytest.param([NAN] * 3 + [7] * 238, 7.0, id="appeared an hour ago"),
]


@pytest.mark.parametrize(("counter", "failed"), PROBES)
def test_probe_failures_are_counted(cluster, counter, failed):
    signals = {"liveness_failures": np.array(counter, float), "memory_usage_ratio": steady(0.3)}
    assert cluster.feature("probe_failures_1h", **signals) == failed
    if counter[3] != 7:
        assert cluster.feature("liveness_failures_3m", **signals) == failed
        assert cluster.feature("readiness_failures_3m", **signals) == 0.0


def test_the_last_minute_tells_failing_probes_from_recovered_ones(cluster):
    counter = np.repeat([0.0, 1.0, 2.0, 3.0], [230, 5, 3, 3])
    signals = {"liveness_failures": counter, "memory_usage_ratio": steady(0.3)}
    assert cluster.feature("liveness_failures_3m", **signals) == 3.0
    assert cluster.feature("liveness_failures_1m", **signals) == 1.0


def test_a_node_that_did_not_answer_hid_no_failures(cluster):
    lost = MINUTES < 5.0
    signals = {
        "memory_usage_ratio": np.where(lost, NAN, 0.3),
        "readiness_failures": np.where(lost, NAN, 7.0),
        "status_code": steady(0),
    }
    assert cluster.feature("probe_failures_1h", **signals) == 0.0


@pytest.mark.parametrize(
    ("restarts", "status", "expected"),
    [
        pytest.param(step_up(4, 6), steady(0), 2.0, id="two more"),
        pytest.param(step_up(4, 1), steady(0), 1.0, id="new pod of the same name"),
        pytest.param(step_up(NAN, 3), step_up(NAN, 0), 3.0, id="young pod counts from zero"),
        pytest.param(step_up(NAN, 3), steady(0), 0.0, id="a gap is no restart"),
    ],
)
def test_restarts_are_counted(cluster, restarts, status, expected):
    block = cluster.block(restarts=[restarts, steady(0)], status_code=[status, steady(0)])
    assert build(block).values[0, feature_index("restarts_1h")] == expected


def test_the_workload_s_failure_rate_is_per_pod_and_hour(cluster):
    restarts = [step_up(0, 1, at=60.0), steady(0), steady(0), steady(0)]
    workloads = ["a", "a", "a", "b"]
    block = cluster.block(workloads=workloads, restarts=restarts, status_code=[steady(0)] * 4)
    rate = build(block).values[:, feature_index("workload_failure_rate")]
    weighted_hours = 3 * (15.0 / 60.0) / np.log(2) * (1 - 2**-4)
    assert rate.tolist() == pytest.approx([1 / weighted_hours] * 3 + [0.0], rel=1e-2)


def test_failing_siblings_are_those_that_restarted_or_are_not_ready(cluster):
    block = cluster.block(
        workloads=["a"] * 5 + ["b"],
        status_code=[steady(0)] * 6,
        restarts=[step_up(0, 1), steady(0), steady(0), steady(NAN), steady(0), step_up(0, 1)],
        containers_ready_ratio=[steady(1), steady(0), steady(1), steady(NAN), steady(1), steady(1)],
    )
    share = build(block).values[:, feature_index("siblings_failing_share")]
    expected = [1 / 3, 1 / 3, 2 / 3, 2 / 4, 2 / 3, NAN]
    assert share.tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("cpu", "memory", "score"),
    [
        pytest.param(steady(0.3), steady(0.4), 0.0, id="as ever"),
        pytest.param(step_up(0.3, 0.9), steady(0.4), 1.0, id="far from its past"),
        pytest.param(steady(0.3), step_up(0.4, 0.46), 0.5, id="three deviations"),
        pytest.param(steady(NAN), step_up(0.4, 0.46), 0.5, id="CPU unknown"),
        pytest.param(steady(0.3, 13), steady(0.46, 13), NAN, id="young and alone"),
    ],
)
def test_the_anomaly_score(cluster, cpu, memory, score):
    found = cluster.feature("prometheus_anomaly_score", cpu_usage_ratio=cpu,
                            memory_usage_ratio=memory)  # fmt: skip
    assert found == pytest.approx(score, abs=1e-9, nan_ok=True)


def test_a_young_pod_is_held_against_its_siblings(cluster):
    rows = np.repeat([[0.6], [0.3], [0.3], [0.3]], 13, axis=1)
    block = cluster.block(cpu_usage_ratio=rows, memory_usage_ratio=np.full((4, 13), 0.4))
    score = build(block).values[:, feature_index("prometheus_anomaly_score")]
    assert score.tolist() == [1.0, 0.0, 0.0, 0.0]

"""Pods to start from: what changes against a healthy one, and what the pod is going through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podforecast.ui.viewmodels.form import optional_groups, required_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    title: str
    pod_id: str
    story: str
    changes: Mapping[str, float | str]
    """Against a healthy pod with nothing optional measured."""


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        title="Healthy",
        pod_id="web-6f7c9d5b8-x4kzt",
        story="Two days old, plenty of room, nobody complains.",
        changes={},
    ),
    Scenario(
        title="Warning",
        pod_id="checkout-5d4f8c7b9-k2m4x",
        story="Busy, slower than usual, one restart this morning.",
        changes={
            "cpu_usage_pct": 78.0,
            "memory_usage_pct": 81.0,
            "memory_leak_rate": 0.05,
            "restart_count_24h": 1,
            "error_log_rate": 4.0,
            "request_latency_ms": 160.0,
            "node_pressure_score": 0.55,
            "autoscaler_action": "scale_up",
            "prometheus_anomaly_score": 0.5,
            "previous_failures": 1,
        },
    ),
    Scenario(
        title="Critical",
        pod_id="payments-7b9d6c5f4-q8w7z",
        story="Nearly out of memory on a node under pressure, answers late and logs errors.",
        changes={
            "cpu_usage_pct": 96.0,
            "memory_usage_pct": 98.5,
            "memory_leak_rate": 1.2,
            "restart_count_24h": 4,
            "error_log_rate": 45.0,
            "request_latency_ms": 1400.0,
            "node_pressure_score": 0.9,
            "autoscaler_action": "scale_up",
            "prometheus_anomaly_score": 0.95,
            "previous_failures": 6,
            "deployment_uptime_hrs": 3.0,
            "memory_growth_3m": 6.0,
            "memory_growth_10m": 5.5,
            "memory_growth_steadiness": 0.99,
            "memory_growth_change": 0.4,
            "memory_minutes_to_limit": 0.3,
            "memory_minutes_to_limit_3m": 0.25,
            "memory_minutes_to_limit_1m": 0.25,
            "memory_peak_pct": 98.5,
            "memory_above_past_peak": 20.0,
            "memory_largest_drop": 0.2,
            "memory_vs_own_past": 60.0,
            "memory_vs_siblings": 60.0,
        },
    ),
    Scenario(
        title="Memory leak",
        pod_id="sessions-0",
        story="Calm but for its memory, which rises in a straight line: the limit is minutes away.",
        changes={
            "memory_usage_pct": 94.0,
            "memory_leak_rate": 1.4,
            "prometheus_anomaly_score": 0.9,
            "memory_growth_3m": 5.0,
            "memory_growth_10m": 4.5,
            "memory_growth_steadiness": 0.99,
            "memory_growth_change": 0.1,
            "memory_minutes_to_limit": 1.3,
            "memory_minutes_to_limit_3m": 1.2,
            "memory_minutes_to_limit_1m": 1.2,
            "memory_peak_pct": 94.0,
            "memory_above_past_peak": 12.0,
            "memory_largest_drop": 0.2,
            "memory_vs_own_past": 55.0,
            "memory_vs_siblings": 60.0,
        },
    ),
    Scenario(
        title="Crash loop",
        pod_id="worker-84c5d7f6b-zz9p4",
        story="Starts, fails, starts again since its new revision half an hour ago.",
        changes={
            "cpu_usage_pct": 35.0,
            "memory_usage_pct": 30.0,
            "restart_count_24h": 9,
            "error_log_rate": 20.0,
            "prometheus_anomaly_score": 0.6,
            "previous_failures": 14,
            "deployment_uptime_hrs": 0.5,
            "restarts_1h": 8,
            "minutes_since_restart": 2.0,
            "last_termination_reason": "error",
            "workload_failure_rate": 9.0,
        },
    ),
)


def values_of(scenario: Scenario) -> dict[str, float | str | None]:
    """Every field of the form as the scenario sets it; None where it was not measured."""
    required: dict[str, float | str | None] = {f.name: f.start for f in required_fields()}
    optional = dict.fromkeys(f.name for group in optional_groups().values() for f in group)
    return {"pod_id": scenario.pod_id, **required, **optional, **scenario.changes}

"""Answers to GET /simulate, made by hand; a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from podforecast.api_schema.simulate import ClusterOut, SimulationOut

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
QUIET = {"issue_type": "none", "pod": None, "began_at": None, "failed_at": None}
LEAK = {"issue_type": "resource_exhaustion", "pod": "cart-1",
        "began_at": AT - timedelta(minutes=12), "failed_at": None}  # fmt: skip


def cluster(name="cluster-0000", *, metrics=None, truth=None, **changes):
    """A quiet one."""
    prediction = {
        "will_have_issue": False,
        "issue_probability": 0.18,
        "issue_type": "none",
        "state": "stable",
        "pods_at_risk": 0,
        "pods_failing": 0,
        "leading_pod": {
            "name": "mail-4",
            "workload": "mail",
            "failure_probability": 0.05,
            "reasons": [],
        },
        "recommendation": {
            "title": "Nothing needs doing",
            "description": "The risk is low.",
            "actions": [],
        },
    }
    measured = {
        "cpu_utilization": 41.2,
        "memory_utilization": 57.9,
        "node_count": 3,
        "pod_count": 6,
        "error_rate": 0.001,
        "latency_ms": 180.3,
        "restarts": 1.0,
        "network_drops": 0.0,
        "pod_cpu_max": 52.0,
        "pod_memory_max": 93.1,
    }
    return ClusterOut.model_validate(
        {
            "timestamp": AT,
            "cluster_id": name,
            "prediction": prediction | changes,
            "metrics": measured | (metrics or {}),
            "truth": truth or QUIET,
        }
    )


def at_risk(name="cluster-0001", **changes):
    """One whose cart leaks, and will fail."""
    fields = {
        "will_have_issue": True,
        "issue_probability": 0.88,
        "issue_type": "resource_exhaustion",
        "state": "at_risk",
        "pods_at_risk": 1,
        "leading_pod": {
            "name": "cart-1",
            "workload": "cart",
            "failure_probability": 0.85,
            "reasons": ["Memory usage is 95.2 % of its limit; usually 10 to 70 %."],
        },
        "recommendation": {
            "title": "Memory keeps growing",
            "description": "It reaches the limit in about 3 min.",
            "actions": ["kubectl top pod cart-1 -n cluster-0001", "Raise the memory limit."],
        },
    }
    return cluster(name, truth=LEAK, **(fields | changes))


def failing(name="cluster-0002", **changes):
    """One of whose pods is down."""
    fields = {
        "will_have_issue": True,
        "issue_probability": 1.0,
        "issue_type": "pod_failure",
        "state": "failing",
        "pods_failing": 1,
        "leading_pod": {"name": "pay-2", "workload": "pay", "failure_probability": None,
                        "reasons": []},
    }  # fmt: skip
    return cluster(name, **(fields | changes))


def simulation(*clusters, **changes):
    """A quiet cluster, one at risk and a failing one, or those that are given."""
    chosen = clusters or (cluster(), at_risk(), failing())
    fields = {
        "simulated": True,
        "seed": 7,
        "count": len(chosen),
        "model_version": "fake-1",
        "threshold": 0.8,
        "watch_threshold": 0.1,
        "horizon_minutes": 5.0,
        "clusters": chosen,
    }
    return SimulationOut.model_validate(fields | changes)

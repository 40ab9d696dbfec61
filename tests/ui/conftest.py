"""Answers of the service, made by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from podforecast.api_schema.curves import CurvesOut
from podforecast.api_schema.fleet import FleetOut, PodDetailOut, PodOut, SourceOut
from podforecast.api_schema.live import LiveOut
from podforecast.api_schema.model import ModelOut
from podforecast.api_schema.predict import ExplainedResponse, PredictResponse
from podforecast.api_schema.problems import FieldProblem, InputProblem, Problem

ISSUE = {
    "type": "resource_exhaustion",
    "confidence": 0.8,
    "distribution": {
        "none": 0.06, "pod_failure": 0.1, "resource_exhaustion": 0.8,
        "network_issue": 0.04, "service_disruption": 0.0,
    },
}  # fmt: skip
STATUS = {
    "now": "Running",
    "in_5_minutes": "Running",
    "confidence": 0.7,
    "distribution": {
        "Running": 0.7, "Pending": 0.0, "ContainerCreating": 0.0, "Error": 0.0,
        "CrashLoopBackOff": 0.25, "Unknown": 0.0, "NotFound": 0.05,
    },
}  # fmt: skip


@pytest.fixture
def make_forecast():
    """An answer to /predict; a test names only what it is about."""

    def make(probability=0.94, **changes):
        fields = {
            "input": {"pod_id": "cart-0"},
            "failure_probability": probability,
            "prediction": "at_risk",
            "risk_level": "critical",
            "threshold": 0.31,
            "horizon_minutes": 5,
            "model_version": "fake-1",
        }
        return PredictResponse.model_validate(fields | changes)

    return make


@pytest.fixture
def make_reason():
    """One reason; a test names only what it is about."""

    def make(feature="memory_usage_pct", contribution=2.0, **changes):
        fields = {
            "feature": feature,
            "value": 95.2,
            "unit": "% of limit",
            "typical_low": 10.0,
            "typical_high": 70.0,
            "contribution": contribution,
            "direction": "raises" if contribution > 0 else "lowers",
            "sentence": "Memory usage is 95.2 % of its limit; usually 10 to 70 %.",
        }
        return fields | changes

    return make


@pytest.fixture
def make_explained(make_forecast, make_reason):
    """An answer to /predict?explain=true: memory raises, the revision's age lowers."""

    def make(
        probability=0.94,
        *,
        reasons=None,
        other=0.5,
        recommendations=None,
        issue_type=ISSUE,
        pod_status=STATUS,
        **changes,
    ):
        told = reasons if reasons is not None else [
            make_reason(),
            make_reason("deployment_uptime_hrs", -0.7, value=48.0,
                        sentence="Age of the revision is 48 h; usually 1 to 720 h."),
        ]  # fmt: skip
        log_odds = math.log(probability / (1 - probability))
        base = log_odds - other - sum(reason["contribution"] for reason in told)
        explanation = {
            "method": "exact",
            "base_log_odds": base,
            "log_odds": log_odds,
            "reasons": told,
            "other": other,
        }
        advice = recommendations or [
            {
                "title": "Memory is close to its limit",
                "description": "The container is killed at 100 %.",
                "actions": ["kubectl top pod cart-0 --containers", "Raise the memory limit."],
            },
            {"title": "It keeps restarting", "description": "9 restarts.",
             "actions": ["kubectl describe pod cart-0"]},
        ]  # fmt: skip
        forecast = make_forecast(probability, **changes)
        return ExplainedResponse.model_validate(
            forecast.model_dump()
            | {"issue_type": issue_type, "pod_status": pod_status}
            | {"explanation": explanation, "recommendations": advice}
        )

    return make


@pytest.fixture
def no_model():
    return Problem(
        type="urn:podforecast:problem:model-not-ready",
        title="Model not ready",
        status=503,
        detail="there is no model",
        hint="Run `python train_model.py`.",
        request_id="r-1",
    )


@pytest.fixture
def bad_input():
    fault = FieldProblem(
        field="cpu_usage_pct", message="must be at least 0", sent="-1", hint="Send it again."
    )
    return InputProblem(
        type="urn:podforecast:problem:invalid-input",
        title="Invalid input",
        status=422,
        detail="cpu_usage_pct must be at least 0",
        hint="Send it again.",
        request_id="r-2",
        errors=[fault],
    )


def _candidate(name, area, low, high, note=None):
    return {
        "name": name,
        "roc_auc": area,
        "roc_auc_low": low,
        "roc_auc_high": high,
        "roc_auc_required_only": 0.7,
        "average_precision": 0.4,
        "brier": 0.04,
        "note": note,
    }


@pytest.fixture
def make_model():
    """An answer to /model: a forest ahead of two that its interval reaches, or does not."""

    def make(**changes):
        fields = {
            "model_version": "fake-1",
            "target": "failure",
            "algorithm": "RandomForest",
            "trained_at": "2026-01-02T03:04:05Z",
            "horizon_minutes": 5,
            "threshold": 0.4,
            "budget_per_1000_pods_per_day": 1200,
            "beats_chance": True,
            "catalogue": "c0ffee",
            "libraries": {"python": "3.11"},
            "data": {
                "fingerprint": "none",
                "campaigns": ["harbor", "meadow"],
                "rows": 62000,
                "pods": 271,
                "workloads": 60,
                "pod_hours": 1261.4,
                "failures": 180,
                "prevalence": 0.053,
            },
            "candidates": [
                _candidate("RandomForest", 0.91, 0.88, 0.94),
                _candidate("XGBoost", 0.90, 0.86, 0.93),
                _candidate("LogisticRegression", 0.80, 0.75, 0.85),
                _candidate("NeuralNetwork", 0.92, 0.89, 0.95, "compared only: no promise"),
            ],
            "operating_points": [],
            "live": None,
        }
        return ModelOut.model_validate(fields | changes)

    return make


@pytest.fixture
def make_live():
    """How forecasts turned out: 12 notifications, 15 failures; a test names what it is about."""

    def make(**changes):
        fields = {
            "since": "2026-01-03T12:00:00Z",
            "until": "2026-01-03T15:10:15Z",
            "forecasts": 21840,
            "pod_hours": 91.0,
            "notifications": 12,
            "false_alarms": 3,
            "precision": {"value": 0.75, "low": 0.468, "high": 0.911},
            "failures": 15,
            "announced": 9,
            "recall": {"value": 0.6, "low": 0.357, "high": 0.802},
            "lead_minutes_median": 3.5,
            "lead_minutes_p10": 1.25,
            "false_alarms_per_100_pod_hours": 3.3,
            "false_alarms_per_1000_pods_per_day": 791.2,
            "prevalence": 0.011,
            "calibration_error": 0.009,
            "brier": 0.008,
            "calibration": [
                {"forecast": 0.004, "observed": 0.002, "forecasts": 19800},
                {"forecast": 0.05, "observed": 0.07, "forecasts": 1900},
                {"forecast": 0.62, "observed": 0.5, "forecasts": 140},
            ],
            "ungraded_scans": 22,
            "trouble": None,
        }
        return LiveOut.model_validate(fields | changes)

    return make


@pytest.fixture
def nothing_graded(make_live):
    """A service that has watched for less than a horizon."""
    unknown = ("since", "until", "precision", "recall", "lead_minutes_median", "lead_minutes_p10",
               "false_alarms_per_100_pod_hours", "false_alarms_per_1000_pods_per_day",
               "prevalence", "calibration_error", "brier")  # fmt: skip
    none = ("forecasts", "pod_hours", "notifications", "false_alarms", "failures", "announced")
    return make_live(**dict.fromkeys(unknown), **dict.fromkeys(none, 0), calibration=[])


@pytest.fixture
def make_curves():
    """An answer to /model/curves of the same model."""

    def make(**changes):
        fields = {
            "model_version": "fake-1",
            "measured_on": "62000 rows of harbor, meadow",
            "prevalence": 0.053,
            "threshold": 0.4,
            "at_threshold": {"false_positive_rate": 0.012, "recall": 0.62, "precision": 0.75},
            "candidates": [
                {
                    "name": name,
                    "false_positive_rate": [0, 0.1, 1],
                    "true_positive_rate": [0, 0.8, 1],
                    "recall": [0.1, 0.8, 1],
                    "precision": [1, 0.6, 0.053],
                }
                for name in ("RandomForest", "XGBoost", "LogisticRegression", "NeuralNetwork")
            ],
            "calibration": {
                "forecast": [0.01, 0.30],
                "observed": [0.013, 0.28],
                "rows": [31000, 31000],
            },
            "alarms": {
                "threshold": [0.9, 0.5, 0.2],
                "false_alarms_per_100_pod_hours": [0, 4, 18],
                "failures_announced": [0.1, 0.5, 0.7],
            },
            "importances": [
                {"group": "memory", "features": ["memory_usage_pct", "memory_peak_pct"],
                 "loss": 0.21, "loss_low": 0.2, "loss_high": 0.22},
                {"group": "node", "features": ["node_cpu_pct"],
                 "loss": 0.0, "loss_low": -0.01, "loss_high": 0.01},
            ],
        }  # fmt: skip
        return CurvesOut.model_validate(fields | changes)

    return make


SCANNED_AT = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


@pytest.fixture
def make_source():
    """Where a scan is from; a test names only what it is about."""

    def make(**changes):
        fields = {
            "kind": "replay",
            "name": "ridge",
            "state": "live",
            "detail": "Replays the recorded campaign ridge.",
            "troubles": (),
            "scanned_at": SCANNED_AT,
            "age_seconds": 1.2,
            "interval_seconds": 1.5,
            "speed": 10.0,
        }
        return SourceOut.model_validate(fields | changes)

    return make


@pytest.fixture
def make_pod():
    """A pod of the latest scan, at risk."""

    def make(name="cart-0", **changes):
        fields = {
            "namespace": "shop",
            "name": name,
            "workload": "shop/cart",
            "state": "at_risk",
            "failure_probability": 0.94,
            "risk_level": "critical",
            "coverage": 0.97,
            "borrowed": False,
            "trend": (0.1, None, 0.94),
            "cpu_usage_pct": 42.0,
            "memory_usage_pct": 95.2,
            "restart_count_24h": 3,
            "issue_type": "resource_exhaustion",
            "last_failure": {"at": SCANNED_AT - timedelta(minutes=12), "cause": "oom"},
        }
        return PodOut.model_validate(fields | changes)

    return make


@pytest.fixture
def make_fleet(make_source, make_pod):
    """An answer to /pods: by default one pod at risk and a stable one, of four."""

    def make(*, source=None, **changes):
        pods = (
            make_pod(),
            make_pod("web-1", state="stable", failure_probability=0.02, risk_level="low"),
        )
        pods = changes.pop("pods", pods)
        fields = {
            "source": source or make_source(),
            "model_version": "fake-1",
            "threshold": 0.31,
            "horizon_minutes": 5,
            "counts": {"at_risk": 1, "failing": 1, "insufficient_data": 0, "stable": 2},
            "namespaces": ("shop", "tools"),
            "total": len(pods),
            "offset": 0,
            "limit": 100,
            "pods": pods,
        }
        return FleetOut.model_validate(fields | changes)

    return make


@pytest.fixture
def make_detail(make_source, make_pod):
    """An answer to /pods/shop/cart-0: a false alarm, then an announced failure, then an alarm."""

    def make(*, source=None, pod=None, **changes):
        minutes = [SCANNED_AT - timedelta(minutes=k) for k in range(10, -1, -1)]
        fields = {
            "source": source or make_source(),
            "model_version": "fake-1",
            "threshold": 0.31,
            "horizon_minutes": 5,
            "pod": pod or make_pod(),
            "timeline": {
                "times": minutes,
                "failure_probability": [0.1, 0.4, 0.2, 0.5, 0.6, None, None, 0.1, 0.1, 0.5, 0.94],
                "failing": [False] * 5 + [True] * 2 + [False] * 4,
                "series": [
                    {
                        "name": "memory_usage_pct",
                        "label": "Memory",
                        "unit": "% of limit",
                        "values": [50.0, 60, 70, 80, 90, None, None, 20, 60, 80, 95.2],
                        "limit": 100.0,
                    },
                    {
                        "name": "restart_count_24h",
                        "label": "Restarts in 24 hours",
                        "unit": "count",
                        "values": [0.0] * 11,
                        "limit": None,
                    },
                ],
            },
            "events": [
                {"at": minutes[5], "kind": "failure", "cause": "oom", "announced_minutes": 2.0}
            ],
            "alarms": [
                {"began_at": minutes[1], "ended_at": minutes[2], "outcome": "nothing_happened"},
                {"began_at": minutes[3], "ended_at": minutes[5], "outcome": "failed"},
                {"began_at": minutes[9], "ended_at": None, "outcome": "open"},
            ],
            "issue_type": ISSUE,
            "pod_status": STATUS,
            "explanation": {
                "method": "exact",
                "base_log_odds": -3.0,
                "log_odds": 2.75,
                "reasons": [
                    {
                        "feature": "memory_usage_pct",
                        "value": 95.2,
                        "unit": "% of limit",
                        "typical_low": 10.0,
                        "typical_high": 70.0,
                        "contribution": 5.5,
                        "direction": "raises",
                        "sentence": "Memory usage is 95.2 % of its limit, usually 10 to 70 %.",
                    }
                ],
                "other": 0.25,
            },
            "recommendations": [
                {
                    "title": "Raise the memory limit",
                    "description": "It is nearly used up.",
                    "actions": ["kubectl top pod cart-0 -n shop"],
                }
            ],
        }
        return PodDetailOut.model_validate(fields | changes)

    return make


@pytest.fixture
def no_such_pod():
    return Problem(
        type="urn:podforecast:problem:unknown-pod",
        title="Unknown pod",
        status=404,
        detail="there is no pod shop/cart-0 in the latest scan",
        hint="GET /pods lists all.",
        request_id="r-3",
    )


@pytest.fixture
def nothing_watched():
    return Problem(
        type="urn:podforecast:problem:fleet-not-watched",
        title="No fleet is watched",
        status=503,
        detail="there is no recording to replay",
        hint="Record a campaign.",
        request_id="r-4",
    )

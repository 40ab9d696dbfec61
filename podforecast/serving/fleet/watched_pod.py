"""``POST /predict`` by name: what the latest scan knows of one pod."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from podforecast.domain.catalogue import CATALOGUE, Feature, feature_index
from podforecast.domain.telemetry import HORIZON, WINDOW
from podforecast.errors import InsufficientData, TelemetryUnavailable
from podforecast.model.labels import MIN_COVERAGE
from podforecast.serving.fleet.rows import FleetRows, utc
from podforecast.serving.fleet.story import happened
from podforecast.watcher.riskiest import judged
from podforecast.watcher.status import SourceStatus


def watched_pod(rows: FleetRows, row: int, status: SourceStatus) -> dict[str, Any]:
    """Answer as :class:`~podforecast.api_schema.watched_pod.WatchedPodResponse`.

    Raises
    ------
    InsufficientData
        If too little of the pod is known for a forecast.
    TelemetryUnavailable
        If the scan is older than the horizon: its forecast is about the past by now.
    """
    _require_forecast(rows, row)
    age_seconds = _age(status)
    snapshot, pod = rows.snapshot, rows.pods[row]
    return {
        "input": {"pod_name": pod.name, "namespace": pod.namespace},
        "state": rows.states[row],
        **asdict(judged(snapshot, row)),
        "threshold": snapshot.model.threshold,
        "horizon_minutes": HORIZON.total_seconds() / 60.0,
        "model_version": snapshot.model.manifest.model_version,
        "metrics_fetched": {
            "measured_at": utc(snapshot.present.at),
            "age_seconds": round(age_seconds, 3),
            "coverage": round(float(snapshot.present.coverage[row]), 4),
            "features": {each.name: _measured(rows, row, each) for each in CATALOGUE},
        },
        "pod_activity": _activity(rows, row),
    }


def _require_forecast(rows: FleetRows, row: int) -> None:
    if rows.states[row] != "insufficient_data":
        return
    minutes = WINDOW.total_seconds() / 60.0
    coverage = rows.snapshot.present.coverage[row]
    raise InsufficientData(
        f"{coverage:.0%} of the samples of {rows.pods[row]} in the last {minutes:g} minutes are"
        f" there, and a forecast needs {MIN_COVERAGE:.0%}",
        hint=f"A pod that has just started is forecast {minutes:g} minutes later; of another one,"
        " look whether it is scraped.",
    )


def _age(status: SourceStatus) -> float:
    age_seconds = status.age_seconds or 0.0
    if age_seconds * (status.facts.speed or 1.0) > HORIZON.total_seconds():
        raise TelemetryUnavailable(
            f"the latest scan is older than the horizon. {status.detail}",
            hint="Send what you measure yourself, or see that scans are made again.",
        )
    return age_seconds


def _measured(rows: FleetRows, row: int, feature: Feature) -> dict[str, Any]:
    return {"value": _value(rows, row, feature), "unit": feature.unit}


def _value(rows: FleetRows, row: int, feature: Feature) -> float | str | None:
    value = float(rows.snapshot.features[row, feature_index(feature.name)])
    if math.isnan(value):
        return None
    return feature.categories[int(value)] if feature.categories else value


def _activity(rows: FleetRows, row: int) -> dict[str, Any]:
    known = {each.name: _value(rows, row, each) for each in CATALOGUE if each.name in _LATELY}
    return {
        "workload": rows.workloads[row],
        **{_LATELY[name]: value for name, value in known.items()},
        **happened(rows.snapshot, rows.pods[row]),
    }


_LATELY = {
    "deployment_uptime_hrs": "revision_age_hours",
    "restart_count_24h": "restart_count_24h",
    "restarts_1h": "restarts_1h",
    "minutes_since_restart": "minutes_since_restart",
    "last_termination_reason": "last_termination_reason",
}
"""Features that tell what happened lately, by what they are called here."""

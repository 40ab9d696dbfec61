"""What a recording holds, counted for its facts and for the README of the data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodStatus
from podforecast.domain.telemetry import HORIZON, TelemetryBlock


def count(
    block: TelemetryBlock, events: Sequence[Mapping[str, Any]], failures: Sequence[Failure]
) -> dict[str, Any]:
    """Return failures by cause and kind, look-alikes by kind, and how many rows can be used."""
    first = [failure for failure in failures if failure.first]
    return {
        "pods_seen": len(block.pods),
        "workloads": len(set(block.workloads)),
        "failures": _described(failures),
        "first_failures": _described(first),
        "faults_started": _started(events, "fault_started"),
        "lookalikes_started": _started(events, "benign_started"),
        "events": dict(sorted(Counter(event["kind"] for event in events).items())),
        "rows": rows(block, failures),
    }


def _described(failures: Sequence[Failure]) -> dict[str, Any]:
    gradual = [failure for failure in failures if failure.precursor]
    minutes = [(f.at - f.fault_started_at) / 60 for f in gradual if f.fault_started_at is not None]
    return {
        "all": len(failures),
        "by_cause": _tally(str(failure.cause) for failure in failures),
        "by_fault": _tally(failure.fault_kind or "none" for failure in failures),
        "sudden": len(failures) - len(gradual),
        "with_precursor": len(gradual),
        "median_minutes_from_onset": round(float(np.median(minutes)), 1) if minutes else None,
    }


def _tally(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _started(events: Sequence[Mapping[str, Any]], kind: str) -> dict[str, int]:
    """Injections by kind; one that was sent again after a restart counts once."""
    begun = {event["fault_id"]: event["fault_kind"] for event in events if event["kind"] == kind}
    return _tally(begun.values())


def rows(block: TelemetryBlock, failures: Sequence[Failure]) -> dict[str, Any]:
    """Return usable rows, how many precede a failure, and the pod-hours they make.

    An estimate on single samples: usable is a running pod with its CPU and memory known, the
    last horizon left out. Training uses whole windows and has slightly fewer.
    """
    horizon = HORIZON.total_seconds()
    usable = _running(block)
    usable[:, block.times > block.times[-1] - horizon] = False
    positive = np.zeros_like(usable)
    place = {pod: i for i, pod in enumerate(block.pods)}
    for failure in failures:
        if failure.pod in place:
            near = (block.times < failure.at) & (failure.at <= block.times + horizon)
            positive[place[failure.pod], near] = True
    positive &= usable
    step = float(block.times[1] - block.times[0])
    return {
        "usable": int(usable.sum()),
        "positive": int(positive.sum()),
        "positive_share": round(float(positive.sum() / max(1, usable.sum())), 4),
        "pod_hours": round(float(usable.sum()) * step / 3600.0, 1),
    }


def _running(block: TelemetryBlock) -> NDArray[np.bool_]:
    usable: NDArray[np.bool_] = block.signal("status_code") == PodStatus.RUNNING.code
    for name in ("cpu_usage_ratio", "memory_usage_ratio"):
        usable &= np.isfinite(block.signal(name))
    return usable


def machine_noise(path: Path) -> dict[str, float]:
    """Return how busy the machine was: pressure, load and lag, median and worst."""
    with path.open(encoding="utf-8") as lines:
        samples = [json.loads(line) for line in lines if line.endswith("\n")]
    found: dict[str, float] = {}
    for name in ("cpu_pressure_percent", "load1", "loop_lag_seconds"):
        values = [sample[name] for sample in samples if sample.get(name) is not None]
        if values:
            found[f"{name}_median"] = round(float(np.median(values)), 4)
            found[f"{name}_p95"] = round(float(np.quantile(values, 0.95)), 4)
            found[f"{name}_max"] = round(float(np.max(values)), 4)
    return found

"""What one scan's features cost as pods grow, on random telemetry with an hour of history."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.figures import Figure, paired
from podforecast.domain.pods import PodRef
from podforecast.domain.signals import SIGNALS
from podforecast.domain.telemetry import HISTORY, STEP, TelemetryBlock
from podforecast.features.build import build

SIZES = (100, 1000, 5000)


def random_telemetry(n_pods: int, *, seed: int = 0) -> TelemetryBlock:
    """Every signal of ``n_pods`` pods in workloads of five: noise, good for timing only."""
    rng = np.random.default_rng(seed)
    n_times = HISTORY // STEP + 1
    values = {signal.name: rng.random((n_pods, n_times)) for signal in SIGNALS}
    for signal in SIGNALS:
        if signal.kind == "counter":
            values[signal.name] = np.cumsum(values[signal.name] > 0.99, axis=1, dtype=float)
    values["status_code"] = np.zeros((n_pods, n_times))
    return TelemetryBlock(
        pods=tuple(PodRef("bench", f"pod-{k}") for k in range(n_pods)),
        workloads=tuple(f"bench/workload-{k // 5}" for k in range(n_pods)),
        times=1.8e9 + 15.0 * np.arange(n_times),
        signals=values,
    )


def scans() -> Iterator[Figure]:
    """CPU per pod at three sizes, and how it grows."""
    blocks = [random_telemetry(size) for size in SIZES]
    seconds = paired(*(lambda block=block: build(block) for block in blocks), rounds=5)
    per_pod = [1e6 * each / size for each, size in zip(seconds, SIZES, strict=True)]
    for size, each in zip(SIZES, per_pod, strict=True):
        yield Figure(figure=f"features of {size} pods", value=round(each, 1), unit="us CPU per pod")
    growth = per_pod[-1] / per_pod[1]
    yield Figure(
        figure=f"time per pod, {SIZES[-1]} against {SIZES[1]} pods",
        value=round(growth, 2), unit="ratio", target="<= 1.5",
    )  # fmt: skip

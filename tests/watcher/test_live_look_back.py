"""What a live source does not ask for changes no feature."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import HISTORY, STEP, TelemetryBlock
from podforecast.features.build import SIGNALS_READ, build
from podforecast.features.look_back import LOOK_BACK

N_PODS, N_TIMES = 24, HISTORY // STEP + 1
COUNTERS = ("restarts", "liveness_failures", "readiness_failures")


@pytest.fixture(scope="module")
def block() -> TelemetryBlock:
    """Pods of four workloads of which everything is known and changes all the time."""
    rng = np.random.default_rng(7)
    signals = {name: rng.random((N_PODS, N_TIMES)) for name in SIGNALS_READ}
    for name in COUNTERS:
        signals[name] = np.cumsum(rng.random((N_PODS, N_TIMES)) > 0.99, axis=1).astype(np.float64)
    signals["status_code"] = np.zeros((N_PODS, N_TIMES))
    signals["container_age_minutes"] = np.arange(N_TIMES) / 4.0 + 30.0 * rng.random((N_PODS, 1))
    return TelemetryBlock(
        pods=tuple(PodRef("shop", f"pod-{n:02}") for n in range(N_PODS)),
        workloads=tuple(f"shop/app-{n % 4}" for n in range(N_PODS)),
        times=STEP.total_seconds() * (118_000_000 + np.arange(N_TIMES)),
        signals=signals,
    )


def cut(block: TelemetryBlock, less: int = 0) -> TelemetryBlock:
    """The same without what is older than features look back."""
    signals = {}
    for name, values in block.signals.items():
        kept = max(1, LOOK_BACK[name] // STEP + 1 - less)
        signals[name] = np.where(np.arange(N_TIMES) >= N_TIMES - kept, values, np.nan)
    return TelemetryBlock(
        pods=block.pods, workloads=block.workloads, times=block.times, signals=signals
    )


def test_features_look_no_further_back_than_the_table_says(block):
    whole, part = build(block), build(cut(block))
    np.testing.assert_array_equal(part.values, whole.values)
    np.testing.assert_array_equal(part.coverage, whole.coverage)
    np.testing.assert_array_equal(part.failing, whole.failing)


def test_a_sample_less_would_show(block):
    assert not np.array_equal(build(cut(block, less=1)).values, build(block).values, equal_nan=True)


def test_every_signal_that_is_read_is_in_the_table():
    assert set(LOOK_BACK) == set(SIGNALS_READ)

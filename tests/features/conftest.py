"""Made-up telemetry: nothing here was ever measured."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import feature_index
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.features.build import SIGNALS_READ, build

NOON = 1_767_268_800.0
COUNTERS = ("restarts", "liveness_failures", "readiness_failures")


class SyntheticCluster:
    """Makes blocks from a few arrays; whatever is not given is absent."""

    def block(self, *, step=15.0, workloads=None, **signals):
        """One row per pod; a flat array is one pod. All pods are of one workload by default."""
        rows = {name: np.atleast_2d(np.asarray(v, dtype=float)) for name, v in signals.items()}
        n_pods, n_times = next(iter(rows.values())).shape
        return TelemetryBlock(
            pods=tuple(PodRef("shop", f"cart-{i}") for i in range(n_pods)),
            workloads=tuple(workloads or ["shop/cart"] * n_pods),
            times=NOON - step * np.arange(n_times)[::-1],
            signals=rows,
        )

    def feature(self, name, **block):
        """Value of one feature for the first pod."""
        return float(build(self.block(**block)).values[0, feature_index(name)])

    def busy_block(self, seed, *, n_pods=17, n_times=241):
        """Random signals with gaps, restarts, late births and early ends in five workloads."""
        rng = np.random.default_rng(seed)
        shape = (n_pods, n_times)
        signals = {name: rng.uniform(0.05, 0.95, shape) for name in SIGNALS_READ}
        for name in COUNTERS:
            signals[name] = np.cumsum(rng.random(shape) < 0.02, axis=1).astype(float)
        signals["status_code"] = rng.choice([0.0] * 30 + [2.0, 3.0, 4.0], shape)
        signals["container_age_minutes"] = rng.uniform(0, 90, (n_pods, 1)) + 0.25 * np.arange(
            n_times
        )
        signals["autoscaler_direction"] = rng.choice([-1.0, 0.0, 1.0], shape)
        signals["last_termination_code"] = rng.choice([0.0, 1.0, 2.0, 3.0], shape)
        for values in signals.values():
            values[rng.random(shape) < 0.05] = np.nan
            values[0, : n_times // 2] = np.nan
            values[1, n_times // 2 :] = np.nan
        return self.block(workloads=[f"shop/w{i % 5}" for i in range(n_pods)], **signals)


@pytest.fixture
def cluster():
    return SyntheticCluster()

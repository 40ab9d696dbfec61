"""A small saved model, made up: no figure of the project comes from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.kinds import train_kind
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.tables import Dataset
from podforecast.model.candidates import candidate


@pytest.fixture(scope="session")
def dataset():
    """Twelve pods with forty rows each; memory above 30 % fails."""
    rng, n_pods, n_rows = np.random.default_rng(5), 12, 480
    x = np.column_stack([rng.uniform(*feature.typical, size=n_rows) for feature in CATALOGUE])
    x[:, feature_index("memory_usage_pct")] = rng.uniform(0, 40, size=n_rows)
    pod = np.repeat(np.arange(n_pods), n_rows // n_pods)
    return Dataset(
        x=x,
        y=(x[:, feature_index("memory_usage_pct")] > 30).astype(np.int8),
        time=1.7e9 + 15.0 * np.tile(np.arange(n_rows // n_pods), n_pods),
        pod=pod,
        workload=pod,
        campaign=np.zeros(n_rows, dtype=np.int64),
        failure=np.full(n_rows, -1),
        pods=tuple(f"made-up/shop/pod-{k}" for k in range(n_pods)),
        workloads=tuple(f"made-up/shop/workload-{k}" for k in range(n_pods)),
        campaigns=("made-up",),
        failures=(),
        failure_pod=np.empty(0, dtype=np.int64),
        step_seconds=15.0,
    )


@pytest.fixture(scope="session")
def folder(dataset, tmp_path_factory):
    small = replace(candidate("LogisticRegression"), usual={"C": 0.01, "max_iter": 10})
    path = tmp_path_factory.mktemp("kinds") / small.name
    train_kind(small, dataset, path)
    return path

"""A made-up fleet, for tests only: no figure of the project comes from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.tables import Dataset, concatenate
from tests.model.small_models import KINDS, SmallModel

HORIZON_SECONDS = 300.0


@dataclass
class SyntheticFleet:
    """Draws datasets in which memory, restarts and probes announce half of the failures.

    Nothing of it was recorded. Every row is 15 seconds after the last one of its pod; a failure
    ends the pod's risk and the next one comes at random.
    """

    seed: int = 1
    pods: int = 24
    workloads: int = 6
    ticks: int = 120
    failures_per_pod: float = 1.0
    step_seconds: float = 15.0

    def campaign(self, name: str = "made-up", *, start: float = 1.7e9) -> Dataset:
        rng = np.random.default_rng([self.seed, len(name)])
        at = start + self.step_seconds * np.arange(self.ticks)
        onsets = [self._onsets(rng, at) for _ in range(self.pods)]
        drawn = [
            self._failure(rng, pod, when) for pod, times in enumerate(onsets) for when in times
        ]
        pod = np.repeat(np.arange(self.pods), self.ticks)
        time = np.tile(at, self.pods)
        failure = self._announced(pod, time, drawn)
        return Dataset(
            x=self._features(rng, pod, time, failure, drawn),
            y=(failure >= 0).astype(np.int8),
            time=time,
            pod=pod,
            workload=pod % self.workloads,
            campaign=np.zeros(len(pod), dtype=np.int64),
            failure=failure,
            pods=tuple(f"{name}/shop/pod-{k}" for k in range(self.pods)),
            workloads=tuple(f"{name}/shop/workload-{k}" for k in range(self.workloads)),
            campaigns=(name,),
            failures=tuple(one for _, one in drawn),
            failure_pod=np.array([owner for owner, _ in drawn], dtype=np.int64),
            step_seconds=self.step_seconds,
        )

    def campaigns(self, *names: str) -> Dataset:
        return concatenate([self.campaign(name) for name in names])

    def _onsets(self, rng, at):
        count = rng.poisson(self.failures_per_pod)
        return np.sort(rng.uniform(at[0] + 600, at[-1], size=count))

    def _failure(self, rng, pod, when):
        precursor = bool(rng.random() < 0.6)
        return pod, Failure(
            pod=PodRef("shop", f"pod-{pod}"),
            at=float(when),
            cause=FailureCause.OOM if precursor else FailureCause.EXIT,
            first=bool(rng.random() < 0.8),
            precursor=precursor,
        )

    def _announced(self, pod, time, drawn):
        index = np.full(len(pod), -1, dtype=np.int64)
        for number, (owner, failure) in reversed(list(enumerate(drawn))):
            left = failure.at - time
            index[(pod == owner) & (left > 0) & (left <= HORIZON_SECONDS)] = number
        return index

    def _features(self, rng, pod, time, failure, drawn):
        x = np.empty((len(pod), len(CATALOGUE)))
        for column, feature in enumerate(CATALOGUE):
            low, high = feature.typical
            span = min(high, low + 100) - low
            x[:, column] = low + span * rng.beta(2, 6, size=len(pod))
            if feature.whole:
                x[:, column] = np.round(x[:, column])
        closeness = np.zeros(len(pod))
        for number, (_, one) in enumerate(drawn):
            if one.precursor:
                rows = failure == number
                closeness[rows] = 1 - (one.at - time[rows]) / (2 * HORIZON_SECONDS)
        for name, gain in (("memory_usage_pct", 60), ("memory_growth_3m", 8),
                           ("liveness_failures_3m", 2)):  # fmt: skip
            x[:, feature_index(name)] += gain * closeness
        x[rng.random(x.shape) < 0.02] = np.nan
        return x


@pytest.fixture(scope="session")
def fleet():
    return SyntheticFleet


@pytest.fixture(scope="session")
def dataset():
    """Two small made-up campaigns."""
    return SyntheticFleet().campaigns("alpha", "beta-x")


@pytest.fixture(scope="session", params=KINDS, ids="-".join)
def small(request, dataset):
    """One model of every kind, in turn."""
    return SmallModel(*request.param, dataset)


@pytest.fixture(scope="session")
def linear(dataset):
    """A logistic regression with a sigmoid: its log-odds are a plain sum."""
    return SmallModel("LogisticRegression", "sigmoid", dataset)


@pytest.fixture(scope="session")
def boosted(dataset):
    """Boosted trees, with a sigmoid."""
    return SmallModel("XGBoost", "sigmoid", dataset)

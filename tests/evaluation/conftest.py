"""A made-up fleet, for tests only: no figure of the project comes from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.tables import Dataset, concatenate
from podforecast.evaluation.judging import Material, Plan
from podforecast.evaluation.run import evaluate
from podforecast.evaluation.trial import Trial
from podforecast.model import describe, training
from podforecast.model.candidates import candidate
from podforecast.model.pipeline_scorer import PipelineScorer
from podforecast.model.splits import time_split

QUICK = (replace(candidate("LogisticRegression"), usual={"C": 0.01, "max_iter": 30}, tries=()),)
HORIZON_SECONDS = 300.0


@dataclass(frozen=True)
class SyntheticCampaign:
    """Draws one dataset in which memory announces six failures of ten. Nothing was recorded.

    With ``timetable`` all failures of the fleet come in the same minutes, every quarter of an hour:
    what a badly planned campaign looks like.
    """

    name: str = "made-up"
    seed: int = 1
    pods: int = 30
    workloads: int = 10
    ticks: int = 100
    step_seconds: float = 30.0
    start: float = 1.7e9
    timetable: bool = False

    def dataset(self) -> Dataset:
        rng = np.random.default_rng([self.seed, len(self.name)])
        pod = np.repeat(np.arange(self.pods), self.ticks)
        time = self.start + self.step_seconds * np.tile(np.arange(self.ticks), self.pods)
        owners, failures = self._failures(rng)
        failure = self._announced(pod, time, owners, failures)
        return Dataset(
            x=self._features(rng, time, failure, failures),
            y=(failure >= 0).astype(np.int8),
            time=time,
            pod=pod,
            workload=pod % self.workloads,
            campaign=np.zeros(len(pod), dtype=np.int64),
            failure=failure,
            pods=tuple(f"{self.name}/shop/pod-{k}" for k in range(self.pods)),
            workloads=tuple(f"{self.name}/shop/workload-{k}" for k in range(self.workloads)),
            campaigns=(self.name,),
            failures=tuple(failures),
            failure_pod=np.array(owners, dtype=np.int64),
            step_seconds=self.step_seconds,
        )

    def _failures(self, rng) -> tuple[list[int], list[Failure]]:
        length = self.ticks * self.step_seconds
        owners = [int(k) for k in rng.permutation(self.pods)] * 2
        # No quiet beginning or end: a clock would tell these from the rest.
        at = self.start + rng.uniform(0, length + HORIZON_SECONDS, size=len(owners))
        if self.timetable:
            at = self.start + 900 * rng.integers(1, length // 900, size=len(owners)) + 5.0
        gradual = rng.random(len(owners)) < 0.6
        return owners, [
            Failure(
                pod=PodRef("shop", f"pod-{owner}"),
                at=float(when),
                cause=FailureCause.OOM if slow else FailureCause.EXIT,
                first=bool(rng.random() < 0.8),
                precursor=bool(slow),
            )
            for owner, when, slow in zip(owners, at, gradual, strict=True)
        ]

    def _announced(self, pod, time, owners, failures):
        index = np.full(len(pod), -1, dtype=np.int64)
        for number in sorted(range(len(failures)), key=lambda k: -failures[k].at):
            left = failures[number].at - time
            index[(pod == owners[number]) & (left > 0) & (left <= HORIZON_SECONDS)] = number
        return index

    def _features(self, rng, time, failure, failures):
        x = np.empty((len(time), len(CATALOGUE)))
        for column, feature in enumerate(CATALOGUE):
            low, high = feature.typical
            x[:, column] = low + min(high - low, 100) * rng.beta(2, 6, size=len(time))
            if feature.whole:
                x[:, column] = np.round(x[:, column])
        at = np.array([f.at if f.precursor else np.inf for f in failures])[failure]
        near = np.where(failure >= 0, np.clip(1 - (at - time) / (2 * HORIZON_SECONDS), 0, 1), 0)
        x[:, feature_index("memory_usage_pct")] += 70 * near
        x[:, feature_index("memory_minutes_to_limit")] = 120 - 110 * near
        x[rng.random(x.shape) < 0.02] = np.nan
        return x


@pytest.fixture(scope="session")
def campaign():
    """The class itself, for tests that want another campaign."""
    return SyntheticCampaign


@pytest.fixture(scope="session")
def train():
    """Two made-up campaigns."""
    return concatenate(
        [SyntheticCampaign(name="alpha").dataset(), SyntheticCampaign(name="beta-x").dataset()]
    )


@pytest.fixture(scope="session")
def unseen():
    """A made-up campaign that nobody trains on."""
    return SyntheticCampaign(name="gamma-xyz").dataset()


@pytest.fixture(scope="session")
def saved(train):
    """A model of the made-up campaigns: one candidate that is fitted in no time."""
    trained = training.train(train, seed=1, candidates=QUICK)
    manifest = describe.describe(trained, train, trained_at=datetime(2026, 1, 1, tzinfo=UTC))
    return PipelineScorer(trained.fitted.pipeline, manifest)


@pytest.fixture(scope="session")
def steps():
    """What the evaluation of ``outcome`` said it was doing."""
    return []


@pytest.fixture(scope="session")
def outcome(train, unseen, saved, steps):
    """A whole evaluation of it, with so few rounds that its intervals mean nothing."""
    material = Material(train=train, test=unseen, scorer=saved)
    return evaluate(material, Plan(rounds=8, seed=1, repeats=1, on_step=steps.append))


@pytest.fixture
def trial(train):
    """The time split of the made-up campaigns."""
    rng = np.random.default_rng(1)
    return Trial.of(train, time_split(train), rounds=20, rng=rng)

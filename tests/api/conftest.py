"""The real application over ASGI, with a fake where the model would be."""

from __future__ import annotations

import json
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from podforecast.domain.catalogue import FEATURE_NAMES, feature_index, fingerprint
from podforecast.domain.explanation import Contributions
from podforecast.model.manifest import (
    CalibrationRecord,
    CandidateRecord,
    DataRecord,
    Manifest,
    OperatingRecord,
    Reference,
)
from podforecast.model.targets.forecaster import NO_TARGETS, Targets
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions


def fake_manifest(**changes):
    """Numbers that no training came up with."""
    candidate = CandidateRecord(
        name="FakeScorer",
        roc_auc=0.9,
        roc_auc_low=0.85,
        roc_auc_high=0.95,
        roc_auc_required_only=0.8,
        average_precision=0.5,
        brier=0.01,
        parameters={"depth": 3},
        tried=1,
        seconds=0.1,
    )
    fields = {
        "model_version": "fake-1",
        "trained_at": datetime(2026, 1, 1, tzinfo=UTC),
        "algorithm": "FakeScorer",
        "horizon_minutes": 5.0,
        "threshold": 0.3,
        "budget_per_1000_pods_per_day": 1200.0,
        "beats_chance": True,
        "seed": 7,
        "catalogue": fingerprint(),
        "features": FEATURE_NAMES,
        "libraries": {"python": "3.11"},
        "data": DataRecord(
            fingerprint="none",
            campaigns=("fake",),
            rows=100,
            pods=2,
            workloads=1,
            pod_hours=1.5,
            step_seconds=15.0,
            failures=3,
            prevalence=0.03,
        ),
        "candidates": (candidate,),
        "calibration": CalibrationRecord(
            method="sigmoid",
            brier={"sigmoid": 0.01},
            expected_calibration_error=0.01,
            expected_calibration_error_required_only=0.02,
        ),
        "operating_points": (
            OperatingRecord(
                per_1000_pods_per_day=1200.0,
                per_100_pod_hours=5.0,
                threshold=0.3,
                false_alarms_allowed=2.0,
                false_alarms=1,
                recall=None,
                lead_minutes_median=None,
                resolvable=False,
            ),
        ),
        "reference": Reference(rows=(), probabilities=()),
    }
    return Manifest(**(fields | changes))


@dataclass
class FakeScorer:
    """Not a model: answers what it was told to, and remembers what it was asked."""

    answer: float = 0.9
    threshold: float = 0.3
    manifest: Manifest = field(default_factory=fake_manifest)
    asked: list[np.ndarray] = field(default_factory=list)
    path: str = "fast"
    path_reason: str = ""
    is_quick: bool = True
    targets: Targets = NO_TARGETS

    def score(self, values):
        self.asked.append(values)
        return np.full(len(values), self.answer)

    def contributions(self, values):
        """Memory raises by 2, CPU by 1, the age of the revision lowers by 0.5; the base fits."""
        parts = np.zeros(values.shape)
        for name, part in {
            "memory_usage_pct": 2.0,
            "cpu_usage_pct": 1.0,
            "deployment_uptime_hrs": -0.5,
        }.items():
            parts[:, feature_index(name)] = part
        log_odds = np.full(len(values), math.log(self.answer / (1 - self.answer)))
        return Contributions(
            method="exact", base=log_odds - parts.sum(axis=1), parts=parts, log_odds=log_odds
        )


@pytest.fixture
def make_manifest():
    return fake_manifest


@pytest.fixture
def scorer():
    return FakeScorer()


@pytest.fixture
def nothing_is_scored(scorer):
    yield
    assert not scorer.asked


@pytest.fixture
def example():
    return json.loads((Path(__file__).parents[2] / "example.json").read_text())


@pytest.fixture
def serve():
    """Start the application with what ``load`` brings; an HTTP client of it."""

    @asynccontextmanager
    async def serving(load, folder="models", **options):
        app = create_app(Path(folder), load=load, options=ServiceOptions(**options))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                base_url="http://service",
            ) as client,
        ):
            yield client

    return serving


@pytest.fixture
async def client(serve, scorer):
    async with serve(lambda _: scorer) as client:
        yield client

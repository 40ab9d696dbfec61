"""A made-up campaign of half an hour, and what stands in for a model and for the time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from podforecast.domain.catalogue import feature_index
from podforecast.domain.explanation import Contributions
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.model.targets.forecaster import NO_TARGETS, Targets
from podforecast.telemetry.recording import write_recording

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTES = 30
N_TIMES = 4 * MINUTES + 1
NAN = np.nan

LEAK = PodRef("shop", "cart-0")
"""Leaks from minute 4 on and is killed at minute 20:05; the fresh container is fine."""
CRASH = PodRef("shop", "cart-1")
"""Dies without a warning at minute 16:10."""
CALM = PodRef("shop", "pay-0")
"""Nothing ever happens to it, but two minutes of high memory at minute 11."""
LATE = PodRef("ops", "late.pod-ä")
"""Appears at minute 15."""
GONE = PodRef("ops", "gone")
"""Disappears after minute 12."""
SILENT = PodRef("ops", "silent")
"""Known to the cluster, but never scraped."""
PODS = (GONE, LATE, SILENT, LEAK, CRASH, CALM)
FAILURES = {LEAK: 60 * 20 + 5.0, CRASH: 60 * 16 + 10.0}


def minute(number: float) -> float:
    """Unix seconds of a minute of the campaign."""
    return NOON.timestamp() + 60.0 * number


def block() -> TelemetryBlock:
    since = 15.0 * np.arange(N_TIMES) / 60.0
    memory = np.full((len(PODS), N_TIMES), 0.3)
    leak, calm = PODS.index(LEAK), PODS.index(CALM)
    memory[leak] = np.where(since < 4, 0.3, 0.3 + 0.69 * (since - 4) / 16)
    memory[leak, since > 20] = 0.3
    memory[calm, (since >= 11) & (since < 13)] = 0.95
    memory[PODS.index(LATE), since < 15] = NAN
    memory[PODS.index(GONE), since > 12] = NAN
    memory[PODS.index(SILENT)] = NAN
    status = np.where(np.isnan(memory), NAN, 0.0)
    status[PODS.index(SILENT)] = 0.0
    status[PODS.index(CRASH), (since > 16.2) & (since < 17)] = 4.0
    return TelemetryBlock(
        pods=PODS,
        workloads=("ops/gone", "ops/late", "ops/silent", "shop/cart", "shop/cart", "shop/pay"),
        times=NOON.timestamp() + 60.0 * since,
        signals={
            "memory_usage_ratio": memory,
            "cpu_usage_ratio": np.where(np.isnan(memory), NAN, 0.1),
            "status_code": status,
        },
    )


def events() -> list[dict[str, object]]:
    causes = {LEAK: "oom", CRASH: "exit"}
    return [
        {"at": NOON.timestamp() + at, "kind": "failure", "namespace": pod.namespace,
         "pod": pod.name, "cause": causes[pod], "first": True}
        for pod, at in FAILURES.items()
    ]  # fmt: skip


def write_campaign(data_dir: Path, name: str = "brook", role: str = "test", **changes) -> Path:
    """Write the campaign, or a variation of its block and events."""
    recorded = changes.get("block") or block()
    write_recording(data_dir / name, recorded, changes.get("events", events()), {"role": role})
    return data_dir


@dataclass
class WallClock:
    """A fake clock: it is as late as the test says."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class FakeManifest:
    """Of the manifest, its name."""

    model_version: str = "fake-1"


@dataclass
class MemoryModel:
    """A fake model: the probability is memory use."""

    threshold: float = 0.8
    manifest: FakeManifest = field(default_factory=FakeManifest)
    path: str = "fast"
    path_reason: str = ""
    is_quick: bool = True
    targets: Targets = NO_TARGETS

    def score(self, values):
        return np.clip(values[:, feature_index("memory_usage_pct")] / 100.0, 0.001, 0.999)

    def contributions(self, values):
        """All that is not typical comes from memory."""
        probability = self.score(values)
        log_odds = np.log(probability / (1.0 - probability))
        parts = np.zeros(values.shape)
        parts[:, feature_index("memory_usage_pct")] = log_odds
        return Contributions(
            method="exact", base=np.zeros(len(values)), parts=parts, log_odds=log_odds
        )


@dataclass
class ModelHolder:
    """A fake slot: hands out a model, or raises what it is told to."""

    model: MemoryModel | None = field(default_factory=MemoryModel)
    error: Exception | None = None

    def __call__(self):
        if self.error is not None:
            raise self.error
        return self.model


def at(number: float) -> datetime:
    return NOON + timedelta(minutes=number)

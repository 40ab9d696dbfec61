"""Scans and grades that nobody made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from podforecast.domain.history import (
    AnnouncedFailure,
    GradedScan,
    Notification,
    Outcome,
    ScanRecord,
)
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef

START = 1_790_000_000.25
STEP = 15.0
HORIZON = 600.0
PODS = tuple(PodRef("shop", name) for name in ("cart-7d9f-x2x", "api-5c4-k8q", "web-66-zz1"))


def scan(
    number: int = 0,
    probability: Sequence[float] = (0.02, 0.7, np.nan),
    *,
    pods: Sequence[PodRef] = PODS,
    model: str = "m1",
    workload: str = "",
) -> ScanRecord:
    scores = np.array(probability, dtype=np.float64)
    return ScanRecord(
        at=START + STEP * number,
        model_version=model,
        threshold=0.5,
        horizon_seconds=HORIZON,
        pods=tuple(pods),
        workloads=tuple(workload or pod.name.split("-")[0] for pod in pods),
        probability=scores,
        at_risk=scores >= 0.5,
        failing=np.isnan(scores),
    )


def many(count: int, number: int = 0, *, seed: int = 0) -> ScanRecord:
    """A scan of many pods, with some that have no probability."""
    random = np.random.default_rng(seed + number)
    pods = [PodRef(f"team-{index % 20}", f"app-{index}-7d9f8") for index in range(count)]
    probability = random.random(count) ** 4
    probability[::500] = np.nan
    return scan(number, probability.tolist(), pods=pods)


def graded(
    of: ScanRecord,
    outcomes: Sequence[int] | None = None,
    *,
    notified: Sequence[tuple[int, bool]] = (),
    failures: Sequence[AnnouncedFailure] = (),
) -> GradedScan:
    """Grade a scan; ``notified`` has the place of a pod and whether it failed."""
    if outcomes is None:
        outcomes = np.where(np.isnan(of.probability), Outcome.NOT_JUDGED, Outcome.NOTHING).tolist()
    return GradedScan(
        at=of.at,
        outcomes=np.array(outcomes, dtype=np.int8),
        notifications=tuple(
            Notification(pod=of.pods[place], at=of.at, failed=failed) for place, failed in notified
        ),
        failures=tuple(failures),
    )


def failure(
    pod: PodRef = PODS[1], at: float = START + 120.0, announced: float | None = 2.0
) -> AnnouncedFailure:
    onset = Failure(pod=pod, at=at, cause=FailureCause.OOM, first=True)
    return AnnouncedFailure(failure=onset, announced_minutes=announced)


def same(one: ScanRecord, other: ScanRecord) -> bool:
    """Whether two records are the same to the last bit."""
    plain = ("at", "model_version", "threshold", "horizon_seconds", "pods", "workloads")
    arrays = ("probability", "at_risk", "failing")
    return all(getattr(one, name) == getattr(other, name) for name in plain) and all(
        getattr(one, name).dtype == getattr(other, name).dtype
        and np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in arrays
    )

"""From a training to the manifest that is saved beside its model."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime

import numpy as np

from podforecast.domain.catalogue import FEATURE_NAMES, fingerprint
from podforecast.domain.tables import Dataset
from podforecast.domain.telemetry import HORIZON
from podforecast.model import artifact, calibration, metrics
from podforecast.model.candidates import COMPARED_ONLY
from podforecast.model.manifest import (
    CalibrationRecord,
    CandidateRecord,
    DataRecord,
    Manifest,
    OperatingRecord,
)
from podforecast.model.reference import reference
from podforecast.model.selection import Contender
from podforecast.model.threshold import OperatingPoint
from podforecast.model.training import TrainedModel
from podforecast.model.typical import typical_of


def describe(trained: TrainedModel, dataset: Dataset, *, trained_at: datetime) -> Manifest:
    """Put down everything that is known about a training; files and version come at saving."""
    facts = trained.fitted.calibration
    return Manifest(
        trained_at=trained_at,
        algorithm=trained.fitted.recipe.name,
        horizon_minutes=HORIZON.total_seconds() / 60,
        threshold=trained.threshold,
        budget_per_1000_pods_per_day=trained.operating_point.budget.per_1000_pods_per_day,
        beats_chance=trained.contenders[0].beats_chance,
        seed=trained.seed,
        catalogue=fingerprint(),
        features=FEATURE_NAMES,
        typical=tuple(_known(value) for value in typical_of(dataset.x, dataset.y).tolist()),
        libraries=artifact.libraries(),
        data=data_record(dataset),
        candidates=tuple(_candidate(one, dataset) for one in trained.contenders),
        calibration=CalibrationRecord(
            method=facts.method,
            brier={str(method): value for method, value in facts.brier.items()},
            expected_calibration_error=facts.expected_calibration_error,
            expected_calibration_error_required_only=facts.expected_calibration_error_required_only,
        ),
        operating_points=tuple(operating_record(one) for one in trained.reported_points),
        reference=reference(trained.fitted, dataset),
    )


def data_record(dataset: Dataset) -> DataRecord:
    """What a model learned from, with a fingerprint of every value of it."""
    return DataRecord(
        fingerprint=data_fingerprint(dataset),
        campaigns=dataset.campaigns,
        rows=len(dataset),
        pods=len(np.unique(dataset.pod)),
        workloads=len(np.unique(dataset.workload)),
        pod_hours=dataset.pod_hours,
        step_seconds=dataset.step_seconds,
        failures=len(np.unique(dataset.failure[dataset.failure >= 0])),
        prevalence=float(np.mean(dataset.y)),
    )


def data_fingerprint(dataset: Dataset) -> str:
    """Identify features, labels, times and pods of a dataset: 16 hexadecimal digits."""
    digest = hashlib.sha256(fingerprint().encode())
    for column in (dataset.x, dataset.y, dataset.time, dataset.pod):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:16]


def _candidate(contender: Contender, dataset: Dataset) -> CandidateRecord:
    scores, area = contender.out_of_fold, contender.roc_auc
    probability = calibration.cross_fitted(
        "sigmoid", scores.full, dataset.y, scores.fold, np.ones(len(dataset))
    )
    return CandidateRecord(
        name=contender.recipe.name,
        roc_auc=area.value,
        roc_auc_low=area.low,
        roc_auc_high=area.high,
        roc_auc_required_only=contender.roc_auc_required_only,
        average_precision=contender.average_precision,
        brier=metrics.brier(dataset.y, probability),
        recall=_known(contender.recall),
        parameters=dict(contender.recipe.parameters),
        tried=contender.tried,
        seconds=round(contender.seconds, 2),
        note=COMPARED_ONLY if contender.compared_only else None,
    )


def operating_record(point: OperatingPoint) -> OperatingRecord:
    """Put down a threshold; what could not be measured becomes None."""
    return OperatingRecord(
        per_1000_pods_per_day=point.budget.per_1000_pods_per_day,
        per_100_pod_hours=point.budget.per_100_pod_hours,
        threshold=point.threshold,
        false_alarms_allowed=point.allowed,
        false_alarms=point.false_alarms,
        recall=_known(point.recall),
        lead_minutes_median=_known(point.lead_minutes_median),
        resolvable=point.resolvable,
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value

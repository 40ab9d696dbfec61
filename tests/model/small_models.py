"""Every kind of model that can be saved, fitted in no time on a made-up fleet."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from sklearn.pipeline import Pipeline

from podforecast.domain.catalogue import FEATURE_NAMES, fingerprint
from podforecast.model import artifact, masking
from podforecast.model.calibration import METHODS, CalibratedClassifier, calibrator
from podforecast.model.candidates import candidate
from podforecast.model.export import form_of, portable_form
from podforecast.model.fast_scorer import FastScorer
from podforecast.model.manifest import CalibrationRecord, DataRecord, Manifest, Reference
from podforecast.model.portable import read
from podforecast.model.reference import boundaries
from podforecast.model.typical import typical_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTINGS = {
    "LogisticRegression": {"C": 0.01, "max_iter": 60},
    "RandomForest": {"n_estimators": 15, "max_depth": 8, "min_samples_leaf": 10},
    "XGBoost": {"n_estimators": 40, "max_depth": 4, "learning_rate": 0.2, "reg_lambda": 1.0},
}
SETTINGS["LogReg+XGBoost"] = {**SETTINGS["XGBoost"], "C": 0.01}
KINDS = [(name, method) for name in SETTINGS for method in METHODS]


def pipeline_of(name, method, dataset):
    """Fit and calibrate on the same rows: enough to compare two ways of scoring."""
    x = np.concatenate([dataset.x, masking.required_only(dataset.x[::3])])
    y = np.concatenate([dataset.y, dataset.y[::3]])
    bare = candidate(name).build(SETTINGS[name], 1).fit(x, y)
    score = bare.predict_proba(x)[:, 1].astype(np.float64)
    fitted = calibrator(method).fit(score, y, np.ones(len(y)))
    return Pipeline([bare.steps[0], ("classify", CalibratedClassifier(bare[-1], fitted))])


def manifest_of(pipeline, dataset):
    """A manifest whose reference batch is what the pipeline says; nothing else in it is true."""
    rows = dataset.x[:: len(dataset) // 16]
    return Manifest(
        trained_at=NOON,
        algorithm=type(pipeline[-1].classifier).__name__,
        horizon_minutes=5.0,
        threshold=0.3,
        budget_per_1000_pods_per_day=1200.0,
        beats_chance=True,
        seed=1,
        catalogue=fingerprint(),
        features=FEATURE_NAMES,
        typical=tuple(None if np.isnan(v) else float(v) for v in typical_of(dataset.x, dataset.y)),
        libraries=artifact.libraries(),
        data=DataRecord(
            fingerprint="none",
            campaigns=("made-up",),
            rows=len(dataset),
            pods=1,
            workloads=1,
            pod_hours=1.0,
            step_seconds=15.0,
            failures=1,
            prevalence=0.1,
        ),
        candidates=(),
        calibration=CalibrationRecord(
            method="sigmoid",
            brier={},
            expected_calibration_error=0.0,
            expected_calibration_error_required_only=0.0,
        ),
        operating_points=(),
        reference=Reference.of(rows, pipeline.predict_proba(rows)[:, 1]),
    )


class SmallModel:
    """A fitted pipeline, its manifest and its fast form, with the values at which it bends."""

    def __init__(self, name, method, dataset):
        self.name, self.method = name, method
        self.pipeline = pipeline_of(name, method, dataset)
        self.manifest = manifest_of(self.pipeline, dataset)
        self.portable = portable_form(self.pipeline)
        self.fast = FastScorer(*read(self.portable), self.manifest)
        self.cuts = boundaries(form_of(self.pipeline))

    def expected(self, values):
        return self.pipeline.predict_proba(values)[:, 1]

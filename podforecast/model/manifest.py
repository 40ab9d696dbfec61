"""What is written beside a model: everything somebody wants to know before loading it."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from podforecast.domain.telemetry import Array

Scalar = str | int | float | bool | None
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CandidateRecord(_Record):
    """How one kind of model did in cross-validation inside the training data."""

    name: str
    roc_auc: Share
    roc_auc_low: Share
    """Bounds of the 95 % interval, by bootstrap over pods."""
    roc_auc_high: Share
    roc_auc_required_only: Share
    """The same rows with every optional feature unknown."""
    average_precision: Share
    brier: Share
    """Of the calibrated probabilities."""
    recall: Share | None = None
    """Share of failures caught within the alert budget; None if there were none, and in models
    saved before it was kept."""
    parameters: dict[str, Scalar]
    """The best of those tried."""
    tried: int
    seconds: Finite
    note: str | None = None
    """Why it could not be kept, whatever its figures."""


class OperatingRecord(_Record):
    """A threshold and the alert budget it came from."""

    per_1000_pods_per_day: Finite
    per_100_pod_hours: Finite
    threshold: Finite
    false_alarms_allowed: Finite
    """In all, on the rows it was chosen on."""
    false_alarms: int
    recall: Share | None
    """Share of failures caught on those rows; None if there were none."""
    lead_minutes_median: Finite | None
    resolvable: bool
    """False where those rows are too few to tell this budget from half or twice of it."""


class CalibrationRecord(_Record):
    """How scores become probabilities, measured on out-of-fold rows."""

    method: Literal["sigmoid", "isotonic"]
    brier: dict[str, Share]
    """Held-out Brier score of each method that was compared."""
    expected_calibration_error: Share
    expected_calibration_error_required_only: Share


class DataRecord(_Record):
    """What the model learned from."""

    fingerprint: str
    campaigns: tuple[str, ...]
    rows: int
    pods: int
    workloads: int
    pod_hours: Finite
    step_seconds: Finite
    failures: int
    """Those that at least one row announces."""
    prevalence: Share
    """Share of rows with a failure within the horizon."""


class Reference(_Record):
    """Rows whose probabilities a loaded model must reproduce."""

    rows: tuple[tuple[float | None, ...], ...]
    """Catalogue order; None where unknown."""
    probabilities: tuple[Share, ...]

    @classmethod
    def of(cls, values: Array, probabilities: Array) -> Reference:
        """Keep rows of shape (n, n_features) and their probabilities of shape (n,)."""
        return cls(
            rows=tuple(
                tuple(None if np.isnan(value) else float(value) for value in row) for row in values
            ),
            probabilities=tuple(float(p) for p in probabilities),
        )

    def values(self) -> Array:
        """Rows as a model takes them, NaN = unknown, shape (n, n_features)."""
        return np.array(self.rows, dtype=np.float64)


class TargetCandidateRecord(_Record):
    """How one kind of model did on a target in cross-validation; bounds by bootstrap over pods."""

    name: str
    log_loss: Finite
    log_loss_low: Finite
    log_loss_high: Finite
    log_loss_uncalibrated: Finite
    macro_f1: Share
    macro_f1_low: Share
    macro_f1_high: Share
    balanced_accuracy: Share
    accuracy: Share
    parameters: dict[str, Scalar] = {}
    seconds: Finite = 0.0


class TargetReference(_Record):
    """Rows whose distributions a loaded form must reproduce."""

    rows: tuple[tuple[float | None, ...], ...]
    """Catalogue order; None where unknown."""
    now: tuple[int, ...] | None
    """Code of the status now; None for a target that does not look at it."""
    shares: tuple[tuple[Share, ...], ...]


class TargetRecord(_Record):
    """A model of something else than whether a failure begins."""

    classes: tuple[str, ...]
    """Those that can be named, in the order of a distribution."""
    seen_now: tuple[str, ...] = ()
    """Statuses from which training has seen what follows; empty where it does not matter."""
    algorithm: str
    calibrated: bool
    """Whether shares are scaled; only where that lowers the log loss out of fold."""
    rows: int
    """Recorded rows that the model learned from."""
    counts: dict[str, int]
    """Recorded rows of each class."""
    transitions: tuple[tuple[int, ...], ...] = ()
    """Recorded rows by status now (all seven) and class: what usually follows a status."""
    candidates: tuple[TargetCandidateRecord, ...]
    """Best first."""
    baseline: TargetCandidateRecord
    confusion: tuple[tuple[int, ...], ...]
    """Recorded rows by what happened (outer) and what was said out of fold."""
    remarks: tuple[str, ...] = ()
    reference: TargetReference


class Manifest(_Record):
    """One saved model. ``files`` and ``model_version`` are filled in when it is saved."""

    format: Literal[1] = 1
    target: Literal["failure"] = "failure"
    model_version: str = ""
    trained_at: AwareDatetime
    algorithm: str
    horizon_minutes: Finite
    threshold: Finite
    """At risk from here on."""
    budget_per_1000_pods_per_day: Finite
    """What ``threshold`` was chosen for."""
    beats_chance: bool
    """Whether the ROC-AUC interval of the chosen model lies above 0.5."""
    seed: int
    catalogue: str
    """Fingerprint of the feature catalogue."""
    features: tuple[str, ...]
    typical: tuple[Finite | None, ...] = ()
    """Of a pod that does not fail, in catalogue order; None where no row knows. Empty for models
    saved before it was kept."""
    libraries: dict[str, str]
    files: dict[str, str] = {}
    """SHA-256 of each file beside the manifest."""
    data: DataRecord
    candidates: tuple[CandidateRecord, ...]
    """The one that was kept first; those that could not be kept last."""
    calibration: CalibrationRecord
    operating_points: tuple[OperatingRecord, ...]
    reference: Reference
    targets: dict[str, TargetRecord] = {}
    """Further models beside this one, by what they forecast."""
    targets_left_out: dict[str, str] = {}
    """Why there is no model of a target."""

    def to_json(self) -> str:
        """Indented for reading, except for reference rows: one line per row, or target."""
        document = self.model_dump(mode="json")
        reference = document.pop("reference")
        lines = {}
        for name, target in document["targets"].items():
            lines[f'"reference rows of {name}"'] = json.dumps(target["reference"], allow_nan=False)
            target["reference"] = f"reference rows of {name}"
        rows = ",\n      ".join(json.dumps(row, allow_nan=False) for row in reference["rows"])
        head = json.dumps(document, indent=2, allow_nan=False).removesuffix("\n}")
        for placeholder, line in lines.items():
            head = head.replace(placeholder, line)
        return (
            f'{head},\n  "reference": {{\n    "rows": [\n      {rows}\n    ],\n'
            f'    "probabilities": {json.dumps(reference["probabilities"])}\n  }}\n}}\n'
        )

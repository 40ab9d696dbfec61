"""Reads the portable forms of targets, and believes them after their reference rows agree."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.model.artifact import TOLERANCE
from podforecast.model.manifest import Manifest, TargetRecord
from podforecast.model.portable import NotPortable
from podforecast.model.targets import form
from podforecast.model.targets.files import portable_of
from podforecast.model.targets.forecaster import IssueModel, StatusModel, Targets
from podforecast.model.targets.form import TargetForm
from podforecast.model.targets.scaling import Scaling

NEVER_TRAINED = "this model was trained without it; run `python train_model.py`"
ISSUE_TYPE, POD_STATUS = "issue_type", "pod_status"


def load_targets(folder: Path, manifest: Manifest) -> Targets:
    """Load what can be used; never raises, for a failure forecast needs none of it."""
    missing: dict[str, str] = {}

    def found(name: str) -> tuple[TargetForm, Scaling, TargetRecord] | None:
        record = manifest.targets.get(name)
        if record is None:
            missing[name] = manifest.targets_left_out.get(name, NEVER_TRAINED)
            return None
        try:
            return (*_checked(folder / portable_of(name), manifest, record), record)
        except NotPortable as why:
            missing[name] = str(why)
            return None

    issue, status = found(ISSUE_TYPE), found(POD_STATUS)
    return Targets(
        issue_type=None if issue is None else IssueModel(*issue),
        pod_status=None if status is None else StatusModel(*status),
        missing=missing,
    )


def _checked(path: Path, manifest: Manifest, record: TargetRecord) -> tuple[TargetForm, Scaling]:
    try:
        payload = path.read_bytes()
    except OSError as exc:
        raise NotPortable(f"{path.name} can not be read: {exc.strerror or exc}") from exc
    if hashlib.sha256(payload).hexdigest() != manifest.files.get(path.name):
        raise NotPortable(f"{path.name} is not the file that the manifest describes")
    try:
        found, scaling = form.read(payload)
        off = _distance(found, scaling, record)
    except (NotPortable, ValueError, IndexError) as exc:
        raise NotPortable(f"{path.name}: {exc}") from exc
    if not off <= TOLERANCE:
        raise NotPortable(
            f"{path.name} forecasts its reference rows {off:.2g} off, {TOLERANCE:g} is accepted"
        )
    return found, scaling


def _distance(found: TargetForm, scaling: Scaling, record: TargetRecord) -> float:
    """Largest difference from the reference, row by row and all at once; NaN if it is none."""
    reference = record.reference
    values = np.array(reference.rows, dtype=np.float64)
    if values.shape != (len(reference.shares), len(CATALOGUE)) or not len(values):
        raise ValueError(f"reference rows of shape {values.shape}")
    now = None if reference.now is None else np.array(reference.now, dtype=np.int8)
    expected = np.array(reference.shares)
    each = [
        scaling(found.shares(values[i : i + 1], None if now is None else now[i : i + 1]))
        for i in range(len(values))
    ]
    apart = [scaling(found.shares(values, now)) - expected, np.concatenate(each) - expected]
    return float(np.abs(apart).max())

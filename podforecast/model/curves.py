"""``curves.json``: how good a model was on rows it had not seen, as lines to draw.

Written beside the manifest, which has its hash. A model answers without it: whoever asks for the
curves is told why there are none. Nothing here needs scikit-learn.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from podforecast.errors import CurvesMissing
from podforecast.model.manifest import Manifest

CURVES_FILE = "curves.json"
LARGEST_BYTES = 2**20
"""Some twenty times of what a training writes."""
WAY_OUT = "Run `python train_model.py` to write both anew, then reload the model."

Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CandidateCurves(_Record):
    """Two curves of one kind of model, thinned to few points."""

    name: str
    false_positive_rate: tuple[Share, ...]
    true_positive_rate: tuple[Share, ...]
    recall: tuple[Share, ...]
    precision: tuple[Share, ...]


class RowsAtThreshold(_Record):
    """Where the threshold lies on the curves of the model that was kept; of rows, not failures."""

    false_positive_rate: Share
    recall: Share
    precision: Share | None
    """None where no row reached the threshold."""


class CalibrationCurve(_Record):
    """Bins of equally many rows, by rising probability."""

    forecast: tuple[Share, ...]
    observed: tuple[Share, ...]
    rows: tuple[int, ...]


class AlarmLine(_Record):
    """What each alert budget buys, from the strictest threshold on.

    Empty where a table does not say which failure a row announces.
    """

    threshold: tuple[Finite, ...]
    false_alarms_per_100_pod_hours: tuple[Finite, ...]
    failures_announced: tuple[Share, ...]


class GroupImportance(_Record):
    """Average precision lost when the features of a group are shuffled together."""

    group: str
    features: tuple[str, ...]
    loss: Finite
    loss_low: Finite
    """10th percentile over shuffles."""
    loss_high: Finite


class Curves(_Record):
    """All of it out of fold, inside the training data."""

    format: Literal[1] = 1
    measured_on: str
    """Which rows, in a sentence."""
    prevalence: Share
    threshold: Finite
    at_threshold: RowsAtThreshold
    candidates: tuple[CandidateCurves, ...]
    """Best first."""
    calibration: CalibrationCurve
    alarms: AlarmLine
    importances: tuple[GroupImportance, ...]
    """Largest first."""


def read_curves(folder: Path, manifest: Manifest) -> Curves:
    """Read the curves that were written with a manifest, and no others.

    Raises
    ------
    CurvesMissing
        If the model was saved without curves, or the file is not the one it was saved with.
    """
    expected = manifest.files.get(CURVES_FILE)
    if expected is None:
        raise CurvesMissing(
            f"model {manifest.model_version} was saved without curves", hint=WAY_OUT
        )
    payload = _bytes(folder / CURVES_FILE)
    if hashlib.sha256(payload).hexdigest() != expected:
        raise CurvesMissing(
            f"{CURVES_FILE} is not the file that was saved with model {manifest.model_version}",
            hint=WAY_OUT,
        )
    try:
        return Curves.model_validate_json(payload)
    except ValidationError as error:
        raise CurvesMissing(
            f"{CURVES_FILE} was written by another release", hint=WAY_OUT
        ) from error


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES)
    except OSError as error:
        raise CurvesMissing(
            f"{path.name} can not be read: {error.strerror or error}", hint=WAY_OUT
        ) from error

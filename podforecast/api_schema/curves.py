"""GET /model/curves: how good the model was on rows it had not seen, as lines to draw."""

from __future__ import annotations

from pydantic import Field

from podforecast.api_schema.answer import Answer


class CandidateCurvesOut(Answer):
    """Receiver operating characteristic and precision-recall of one kind of model."""

    name: str
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    recall: tuple[float, ...]
    precision: tuple[float, ...]


class RowsAtThresholdOut(Answer):
    """Where the threshold lies on the curves of the model that answers; of rows, not failures."""

    false_positive_rate: float
    recall: float
    precision: float | None = Field(description="null where no row reached the threshold.")


class CalibrationOut(Answer):
    """Bins of equally many rows: what was forecast, and what share failed."""

    forecast: tuple[float, ...]
    observed: tuple[float, ...]
    rows: tuple[int, ...]


class AlarmsOut(Answer):
    """What each alert budget buys, from the strictest threshold on.

    Empty where the training table does not say which failure a row announces.
    """

    threshold: tuple[float, ...]
    false_alarms_per_100_pod_hours: tuple[float, ...]
    failures_announced: tuple[float, ...] = Field(description="Share, 0 to 1.")


class ImportanceOut(Answer):
    """How much features matter: average precision lost when they are shuffled together."""

    group: str = Field(description="Of features that say the same in several ways.")
    features: tuple[str, ...]
    loss: float
    loss_low: float = Field(description="10th percentile over shuffles.")
    loss_high: float = Field(description="90th percentile over shuffles.")


class CurvesOut(Answer):
    """All of it was measured in cross-validation inside the training data."""

    model_version: str
    measured_on: str = Field(description="Which rows, in a sentence.")
    prevalence: float
    threshold: float = Field(description="At risk from here on.")
    at_threshold: RowsAtThresholdOut
    candidates: tuple[CandidateCurvesOut, ...] = Field(description="Best first.")
    calibration: CalibrationOut
    alarms: AlarmsOut
    importances: tuple[ImportanceOut, ...] = Field(description="Largest first.")

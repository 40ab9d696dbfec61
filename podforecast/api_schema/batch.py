"""POST /predict/batch: many pods at once, as rows or as columns, and their forecasts.

The columns are derived from :data:`PredictRequest`, which is derived from the catalogue.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from podforecast.api_schema.answer import Answer
from podforecast.api_schema.predict import EXAMPLE, PredictRequest
from podforecast.api_schema.problems import FieldProblem, Problem
from podforecast.domain.forecast import Prediction, RiskLevel

MAX_ROWS = 100_000

ARROW_STREAM = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
JSON = "application/json"

POD_ID = "pod_id"
PROBABILITY = "failure_probability"
PREDICTION = "prediction"
RISK_LEVEL = "risk_level"

COLUMNS_EXAMPLE: dict[str, JsonValue] = {name: [value] for name, value in EXAMPLE.items()}


def _column(name: str) -> Any:  # noqa: ANN401 - an annotation has no type of its own
    field = PredictRequest.model_fields[name]
    extra = Field(json_schema_extra=field.json_schema_extra)
    cell = Annotated[field.annotation, *field.metadata, extra]  # type: ignore[name-defined]
    length = Field(min_length=1, max_length=MAX_ROWS, description=field.description)
    cells = Annotated[list[cell], length]
    return cells if field.is_required() else (cells, None)


class _Columns(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": COLUMNS_EXAMPLE})


BatchColumns: type[BaseModel] = create_model(
    "BatchColumns",
    __base__=_Columns,
    __doc__="One array per field, all equally long; those that are not required may be left out.",
    **{name: _column(name) for name in PredictRequest.model_fields},
)
"""Documents the request. What is sent is checked column by column, not by this model."""


class BatchForecast(Answer):
    """One pod of the batch."""

    pod_id: str
    failure_probability: float = Field(ge=0, le=1, description="Calibrated.", examples=[0.94])
    prediction: Prediction
    risk_level: RiskLevel


class _ByOneModel(Answer):
    model_version: str
    threshold: float = Field(ge=0, le=1, description="Follows from the alert budget.")
    horizon_minutes: float = Field(examples=[5])


class BatchRowsResponse(_ByOneModel):
    """Answer to rows: their forecasts in the same order."""

    forecasts: list[BatchForecast]


class BatchColumnsResponse(_ByOneModel):
    """Answer to columns: as many values in each, in the same order."""

    pod_id: list[str]
    failure_probability: list[float] = Field(description="Calibrated, in [0, 1].")
    prediction: list[Prediction]
    risk_level: list[RiskLevel]


class CellProblem(FieldProblem):
    """One value, or one column, of the batch that can not be used."""

    row: int | None = Field(description="Counted from 0; null where the column is at fault.")


class BatchProblem(Problem):
    """A batch that can not be used. None of its rows was scored."""

    errors: list[CellProblem] = Field(max_length=100, description="The first in order of rows.")
    total: int = Field(description="How many there are; more than are listed, perhaps.")

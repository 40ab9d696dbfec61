"""POST /predict: one pod as its client measured it, and its forecast.

The request is derived from the catalogue, so a feature added there is accepted, checked and
documented here without another line.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Interval
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    Strict,
    create_model,
)
from pydantic_core import PydanticKnownError

from podforecast.api_schema.answer import Answer
from podforecast.api_schema.explanation import ExplanationOut, RecommendationOut
from podforecast.api_schema.targets import STATUS_NOTE, IssueTypeOut, PodStatusOut
from podforecast.domain.catalogue import CATALOGUE, Feature
from podforecast.domain.forecast import Prediction, RiskLevel
from podforecast.domain.telemetry import Array

POD_ID_LENGTH = 253
"""Longest DNS subdomain, which is what Kubernetes allows as the name of a pod."""

LARGEST = 1e12
"""No feature is further from 0 where the catalogue sets no limit: beyond any measurement, yet
well within float32, in which tree models compare (1e308 would arrive there as infinity)."""

EXAMPLE: dict[str, JsonValue] = {
    "pod_id": "pod-test-1",
    "cpu_usage_pct": 88.5,
    "memory_usage_pct": 95.2,
    "memory_leak_rate": 0.22,
    "restart_count_24h": 3,
    "error_log_rate": 10,
    "request_latency_ms": 180,
    "replica_count": 4,
    "node_pressure_score": 0.74,
    "autoscaler_action": "scale_up",
    "prometheus_anomaly_score": 0.82,
    "previous_failures": 2,
    "deployment_uptime_hrs": 48,
}
"""What ``example.json`` holds; a test compares the two."""


class PodMeasurements(BaseModel):
    """A pod and its features, as a client measured them.

    Use the subclass :data:`PredictRequest`, which has one field per feature of the catalogue.
    Numbers are strict: a whole number may stand for a fraction, but ``true``, ``"55"``, NaN and
    infinity are refused, and so is a field the catalogue does not have.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": EXAMPLE})

    pod_id: Annotated[
        str,
        Field(
            strict=True,
            min_length=1,
            max_length=POD_ID_LENGTH,
            description="Which pod this is. A name only: it never enters the model.",
        ),
    ]

    def row(self) -> Array:
        """Features in catalogue order, NaN where not measured; shape (1, n_features).

        >>> PredictRequest(**EXAMPLE).row()[0, :3]
        array([88.5 , 95.2 ,  0.22])
        """
        row, values = _UNKNOWN.copy(), self.__dict__
        # A client sends a fifth of the fields, so only those are looked at.
        for name in self.model_fields_set:
            value = values[name]
            if name in _COLUMN and value is not None:
                row[0, _COLUMN[name]] = _CODE[name][value] if name in _CODE else value
        return row

    def as_sent(self) -> dict[str, Any]:
        """The fields that the client sent, without those that were left out."""
        sent = self.model_fields_set
        # All are plain values, which model_dump would find out for each anew.
        return {name: value for name, value in self.__dict__.items() if name in sent}


_UNKNOWN = np.full((1, len(CATALOGUE)), np.nan)
_COLUMN = {feature.name: column for column, feature in enumerate(CATALOGUE)}
_CODE = {
    feature.name: {value: code for code, value in enumerate(feature.categories)}
    for feature in CATALOGUE
    if feature.categories
}


def _bounded_number(feature: Feature) -> Any:  # noqa: ANN401 - an annotation has no type of its own
    within = Interval(ge=max(feature.low, -LARGEST), le=min(feature.high, LARGEST))
    number = Annotated[float, Strict(), AllowInfNan(False), within]
    if not feature.whole:
        return number
    # Not a strict int: JSON writers that only know floats send a count as 3.0.
    as_integer = Field(json_schema_extra={"type": "integer"})
    return Annotated[number, as_integer, AfterValidator(_whole)]


def _whole(value: float) -> int:
    """Exactly: ``MultipleOf`` would let 2.9999999999 pass, which is then cut to 2."""
    if not value.is_integer():
        raise PydanticKnownError("multiple_of", {"multiple_of": 1})
    return int(value)


def _field(feature: Feature) -> Any:  # noqa: ANN401 - likewise
    kind = Literal[feature.categories] if feature.categories else _bounded_number(feature)
    about = Field(description=feature.meaning, json_schema_extra={"unit": feature.unit})
    if feature.required:
        return Annotated[kind, about]
    return Annotated[kind | None, about], None


PredictRequest: type[PodMeasurements] = create_model(
    "PredictRequest",
    __base__=PodMeasurements,
    __doc__="A pod and its features; those that are not required may be null or left out.",
    **{feature.name: _field(feature) for feature in CATALOGUE},
)


class PredictResponse(Answer):
    """The probability that a failure of the pod begins within the horizon."""

    input: dict[str, float | str | None] = Field(description="The fields that were sent.")
    failure_probability: float = Field(ge=0, le=1, description="Calibrated.", examples=[0.94])
    prediction: Prediction = Field(description="The probability against the threshold.")
    risk_level: RiskLevel = Field(
        description="critical from 0.75; high from the threshold or 0.5, medium from half of that"
        " or 0.1, the lower of each two."
    )
    threshold: float = Field(ge=0, le=1, description="Follows from the alert budget.")
    horizon_minutes: float = Field(examples=[5])
    model_version: str


class ExplainedResponse(PredictResponse):
    """The same with its reasons, and what to do about it."""

    issue_type: IssueTypeOut | None = Field(description=STATUS_NOTE)
    pod_status: PodStatusOut | None = Field(description=STATUS_NOTE)
    explanation: ExplanationOut
    recommendations: tuple[RecommendationOut, ...] = Field(
        description="The weightiest first; never empty. Nothing is changed in the cluster."
    )

"""Answers of the service, made by hand."""

from __future__ import annotations

import pytest

from podforecast.api_schema.predict import PredictResponse
from podforecast.api_schema.problems import FieldProblem, InputProblem, Problem


@pytest.fixture
def make_forecast():
    """An answer to /predict; a test names only what it is about."""

    def make(probability=0.94, **changes):
        fields = {
            "input": {"pod_id": "cart-0"},
            "failure_probability": probability,
            "prediction": "at_risk",
            "risk_level": "critical",
            "threshold": 0.31,
            "horizon_minutes": 5,
            "model_version": "fake-1",
        }
        return PredictResponse.model_validate(fields | changes)

    return make


@pytest.fixture
def no_model():
    return Problem(
        type="urn:podforecast:problem:model-not-ready",
        title="Model not ready",
        status=503,
        detail="there is no model",
        hint="Run `python train_model.py`.",
        request_id="r-1",
    )


@pytest.fixture
def bad_input():
    fault = FieldProblem(
        field="cpu_usage_pct", message="must be at least 0", sent="-1", hint="Send it again."
    )
    return InputProblem(
        type="urn:podforecast:problem:invalid-input",
        title="Invalid input",
        status=422,
        detail="cpu_usage_pct must be at least 0",
        hint="Send it again.",
        request_id="r-2",
        errors=[fault],
    )

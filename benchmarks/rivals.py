"""What ours is held against: an endpoint without a model, and the one that everybody writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI

from podforecast.api_schema.predict import PodMeasurements, PredictRequest, PredictResponse
from podforecast.domain.forecast import Prediction, RiskLevel

Score = Callable[[PodMeasurements], float]


def floor(_: Path) -> FastAPI:
    """Parse and answer with the same Pydantic models, and compute nothing."""
    return _typed(lambda _: 0.9404)


def pandas_endpoint(folder: Path) -> FastAPI:
    """A DataFrame of one row per request, through the pipeline. No thread pool: that costs more."""
    import joblib
    import pandas as pd

    from podforecast.domain.catalogue import FEATURE_NAMES
    from podforecast.model.artifact import MODEL_FILE

    pipeline = joblib.load(folder / MODEL_FILE)

    def score(pod: PodMeasurements) -> float:
        frame = pd.DataFrame([dict(zip(FEATURE_NAMES, pod.row()[0], strict=True))])
        return float(pipeline.predict_proba(frame.to_numpy())[0, 1])

    return _typed(score)


def _typed(score: Score) -> FastAPI:
    app = FastAPI()

    @app.post("/predict")
    async def predict(pod: PredictRequest) -> PredictResponse:
        return PredictResponse(
            input=pod.as_sent(),
            failure_probability=score(pod),
            prediction=Prediction.AT_RISK,
            risk_level=RiskLevel.CRITICAL,
            threshold=0.3,
            horizon_minutes=5.0,
            model_version="20260101-000000-00000000",
        )

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app

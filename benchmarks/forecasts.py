"""One forecast from a saved model, beside what everybody writes: a DataFrame per request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, paired
from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES
from podforecast.model.scorer import load

MODELS = Path(__file__).parents[1] / "models"


def forecasts() -> Iterator[Figure]:
    """CPU of one row and of 10 000 rows; needs a trained model."""
    scorer = load(MODELS)
    row = np.array([[feature.default for feature in CATALOGUE]])
    record = dict(zip(FEATURE_NAMES, row[0], strict=True))
    many = np.repeat(row, 10_000, axis=0)

    def frame() -> object:
        return scorer.pipeline.predict_proba(pd.DataFrame([record]).to_numpy())

    one, naive = paired(lambda: scorer.score(row), frame, rounds=30)
    [batch] = paired(lambda: scorer.score(many), rounds=5)
    yield Figure(figure="one row", value=round(1e3 * one, 3), unit="ms CPU")
    yield Figure(figure="one row through a DataFrame", value=round(1e3 * naive, 3), unit="ms CPU")
    yield Figure(figure="DataFrame against array", value=round(naive / one, 2), unit="ratio")
    yield Figure(figure="10 000 rows", value=round(1e6 * batch / 1e4, 2), unit="us CPU per row")

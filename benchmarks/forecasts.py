"""One forecast in process: by the fast path, by the pipeline, and by a DataFrame per row.

The last is what everybody writes. All score the same row in turn, so that noise meets all alike.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import Figure, turns
from benchmarks.kinds import model_folders
from podforecast.api_schema.predict import EXAMPLE, PredictRequest
from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.telemetry import Array
from podforecast.model.scorer import load, load_pipeline

ROUNDS = 30
AT_ONCE = 20
"""Calls of the fast path per turn: one alone is too short for the clock."""
BATCH = 10_000
BATCH_ROUNDS = 5


def forecasts() -> Iterator[Figure]:
    """CPU of one row and of 10 000 rows, for each kind of model."""
    for label, folder in model_folders().items():
        yield from of_one_row(label, folder)
        yield from of_a_batch(label, folder)


def of_one_row(label: str, folder: Path, *, rounds: int = ROUNDS) -> Iterator[Figure]:
    """The fields of ``example.json`` as a row, by all three; ratios are taken round by round."""
    scorer, pipeline = load(folder), load_pipeline(folder).pipeline
    row = PredictRequest.model_validate(EXAMPLE).row()
    record = dict(zip(FEATURE_NAMES, row[0], strict=True))

    def fast() -> None:
        for _ in range(AT_ONCE):
            scorer.score(row)

    def by_frame() -> object:
        return pipeline.predict_proba(pd.DataFrame([record]).to_numpy())

    taken = turns(fast, lambda: pipeline.predict_proba(row), by_frame, rounds=rounds)
    taken[0] = [seconds / AT_ONCE for seconds in taken[0]]
    paths = f"{scorer.path} path", "pipeline on an array", "pipeline on a DataFrame"
    for path, seconds in zip(paths, taken, strict=True):
        yield Figure(
            figure=f"one row, {label}: {path}",
            value=round(1e6 * statistics.median(seconds), 1),
            unit="us CPU",
        )
    ratios = [slow / quick for quick, slow in zip(taken[0], taken[2], strict=True)]
    yield Figure(
        figure=f"one row, {label}: {paths[0]} against a DataFrame",
        value=round(statistics.median(ratios)),
        unit="times",
        target=">= 30",
    )


def of_a_batch(label: str, folder: Path, *, rounds: int = BATCH_ROUNDS) -> Iterator[Figure]:
    """10 000 rows at once, with the required features only, as a caller has them."""
    scorer, pipeline = load(folder), load_pipeline(folder).pipeline
    rows = np.repeat(PredictRequest.model_validate(EXAMPLE).row(), BATCH, axis=0)
    rows *= np.random.default_rng(1).uniform(0.5, 1.5, size=rows.shape)
    taken = turns(
        _scoring(scorer.score, rows), _scoring(pipeline.predict_proba, rows), rounds=rounds
    )
    for path, seconds in zip((f"{scorer.path} path", "pipeline"), taken, strict=True):
        yield Figure(
            figure=f"10 000 rows, {label}: {path}",
            value=round(1e6 * statistics.median(seconds) / BATCH, 2),
            unit="us CPU per row",
        )


def _scoring(score: Callable[[Array], object], rows: Array) -> Callable[[], object]:
    return lambda: score(rows)

"""Rows at the threshold the service uses: who was said to be at risk, and who was."""

from __future__ import annotations

import numpy as np

from podforecast.domain.telemetry import Array
from podforecast.evaluation import measure
from podforecast.evaluation.figures import Confusion
from podforecast.evaluation.judging import Judged
from podforecast.evaluation.trial import Trial


def confusions(judged: Judged, threshold: float) -> tuple[Confusion, ...]:
    """One per situation of the model, at the one threshold there is in service."""
    return tuple(
        confusion(judged.trial, method.title, method.test, threshold)
        for method in judged.methods
        if method.kind == "model"
    )


def confusion(trial: Trial, title: str, score: Array, threshold: float) -> Confusion:
    """Count rows by prediction and outcome; intervals over pods."""
    test, draws = trial.test, trial.draws
    said, failed = score >= threshold, test.y == 1

    def per_pod(rows: np.ndarray) -> Array:
        return draws.per_pod(test.pod[rows])

    right = per_pod(said & failed)
    return Confusion(
        title=title,
        threshold=threshold,
        true_alarms=int(np.sum(said & failed)),
        false_alarms=int(np.sum(said & ~failed)),
        missed=int(np.sum(~said & failed)),
        quiet=int(np.sum(~said & ~failed)),
        precision=measure.share(draws, right, per_pod(said)),
        recall=measure.share(draws, right, per_pod(failed)),
        f1=draws.of_ratio(2 * right, per_pod(said) + per_pod(failed)).interval(),
    )

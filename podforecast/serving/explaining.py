"""Explanation and remedies of one forecast, as answers."""

from __future__ import annotations

import numpy as np

from podforecast.api_schema.explanation import ExplanationOut, RecommendationOut
from podforecast.domain.forecast import risk_level
from podforecast.domain.memory import MemorySize
from podforecast.domain.telemetry import Array
from podforecast.explain import reasons
from podforecast.explain.addresses import PodAddress
from podforecast.explain.normal import UNKNOWN, Normal
from podforecast.explain.reasons import Setting
from podforecast.explain.remedies import Case, remedies
from podforecast.model.scorer import Scorer

Explained = tuple[ExplanationOut, tuple[RecommendationOut, ...]]


def explain(
    scorer: Scorer,
    row: Array,
    pod: PodAddress,
    *,
    memory: MemorySize | None = None,
    normal: Normal = UNKNOWN,
    selector: str = "",
) -> Explained:
    """Say why a pod's forecast is what it is, and what to do.

    Takes milliseconds: not for an event loop.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    pod
        For the commands among the recommendations.
    memory
        Its size in bytes, where it is known.
    normal
        What its siblings measure.
    selector
        Label matchers for the queries of reasons.
    """
    contributions = scorer.contributions(row[None])
    setting = Setting(pod=pod, normal=normal, selector=selector)
    explanation = reasons.explain(row, contributions, setting=setting)
    probability = 1.0 / (1.0 + np.exp(-explanation.log_odds))
    level = risk_level(float(probability), scorer.threshold)
    case = Case(row=row, parts=contributions.parts[0], pod=pod, level=level, memory=memory)
    found = remedies(case, scorer.score)
    return (
        ExplanationOut.model_validate(explanation),
        tuple(RecommendationOut.model_validate(remedy) for remedy in found),
    )

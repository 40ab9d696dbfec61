"""Why a pod is at risk and what to do about it, from one look at the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podforecast.domain.explanation import Contributions
from podforecast.domain.forecast import risk_level
from podforecast.domain.memory import MemorySize
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.normal import UNKNOWN, Normal
from podforecast.explain.reasons import Explanation, Setting, explain
from podforecast.explain.remedies import Case, Remedy, remedies
from podforecast.model.scorer import Scorer
from podforecast.telemetry.prometheus.queries import EVERYTHING, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A forecast that somebody wants explained."""

    row: Array
    """Features in catalogue order, NaN = unknown, shape (n_features,)."""
    probability: float
    """Decides how urgent the advice is."""
    pod: PodAddress
    normal: Normal = UNKNOWN
    """What its siblings measure."""
    memory: MemorySize | None = None
    """Where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why a pod is at risk, and what to do about it."""

    explanation: Explanation
    remedies: tuple[Remedy, ...]
    """The weightiest first, at least one."""


def explain_pods(
    asked: Sequence[Asked], model: Scorer, *, scope: Scope = EVERYTHING
) -> tuple[Explained, ...]:
    """Explain some forecasts, in their order.

    Takes milliseconds each: not for an event loop.

    Parameters
    ----------
    asked
        At least one.
    model
        The one that made the forecasts.
    scope
        Of the queries of reasons.
    """
    contributions = model.contributions(np.stack([each.row for each in asked]))
    return tuple(
        _explained(each, contributions, index, model=model, scope=scope)
        for index, each in enumerate(asked)
    )


def _explained(
    asked: Asked, contributions: Contributions, index: int, *, model: Scorer, scope: Scope
) -> Explained:
    setting = Setting(pod=asked.pod, normal=asked.normal, scope=scope)
    case = Case(
        row=asked.row,
        parts=contributions.parts[index],
        pod=asked.pod,
        level=risk_level(asked.probability, model.threshold),
        memory=asked.memory,
    )
    return Explained(
        explanation=explain(asked.row, contributions, index=index, setting=setting),
        remedies=remedies(case, model.score),
    )

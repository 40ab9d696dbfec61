"""Why a forecast is what it is, and what to do: ``?explain=true`` and the pages of a pod."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from podforecast.api_schema.answer import Answer


class ReasonOut(Answer):
    """One feature's part in the forecast."""

    feature: str
    value: float | str | None = Field(description="What it was; null where it was not measured.")
    unit: str
    typical_low: float | None = Field(description="Healthy pods are usually from here …")
    typical_high: float | None = Field(
        description="… to here; null for a category, and where it depends on the application."
    )
    contribution: float = Field(description="Log-odds; above 0 it raises the probability.")
    direction: Literal["raises", "lowers"]
    sentence: str = Field(examples=["Memory usage is 95.2 % of its limit; usually 10 to 70 %."])


class ExplanationOut(Answer):
    """Contributions that, with the base, sum to the log-odds of the probability."""

    method: Literal["exact", "path", "occlusion"] = Field(
        description="exact and path contributions follow from the model's own form; occlusion"
        " compares with a typical value, one feature at a time."
    )
    base_log_odds: float = Field(description="Of a typical pod.")
    log_odds: float = Field(description="Of this forecast.")
    reasons: tuple[ReasonOut, ...] = Field(
        description="Largest first, at most five: of features that say nearly the same, two."
    )
    other: float = Field(description="Sum of all contributions that are not listed, log-odds.")


class RecommendationOut(Answer):
    """Something to do. Nothing is changed in the cluster."""

    title: str
    description: str
    actions: tuple[str, ...]

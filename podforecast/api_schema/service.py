"""The service itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from podforecast.api_schema.answer import Answer


class Alive(Answer):
    """The process answers."""

    status: Literal["alive"]


class ReadySource(Answer):
    """How what is watched does."""

    kind: Literal["replay", "prometheus"]
    state: Literal["starting", "live", "stale", "failed"]
    detail: str = Field(description="What state means here, in a sentence.")
    age_seconds: float | None = Field(description="Since the latest scan; null before the first.")


class Ready(Answer):
    """Forecasts are being answered."""

    status: Literal["ready", "degraded"] = Field(
        description="degraded: the model answers, but scans are overdue or something in `troubles`."
    )
    model_version: str
    path: Literal["fast", "pipeline"] = Field(
        description="fast, or the saved pipeline itself where the fast one could not be trusted."
    )
    path_reason: str | None = Field(description="Why it is the pipeline; null on the fast path.")
    targets_missing: dict[str, str] = Field(
        description="What is not forecast beside the failure, such as `issue_type`, and why."
    )
    source: ReadySource | None = Field(description="null where nothing is watched.")
    troubles: dict[str, str] = Field(
        description="What is done with scans and fails, such as `store` or `alerts`, and why."
    )


class ServiceOut(Answer):
    """What runs here, and where to go on."""

    name: str
    version: str
    links: dict[str, str]

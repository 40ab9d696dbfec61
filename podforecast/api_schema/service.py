"""The service itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from podforecast.api_schema.answer import Answer


class Alive(Answer):
    """The process answers."""

    status: Literal["alive"]


class Ready(Answer):
    """Forecasts are being answered."""

    status: Literal["ready"]
    model_version: str
    path: Literal["fast", "pipeline"] = Field(
        description="fast, or the saved pipeline itself where the fast one could not be trusted."
    )
    path_reason: str | None = Field(description="Why it is the pipeline; null on the fast path.")


class ServiceOut(Answer):
    """What runs here, and where to go on."""

    name: str
    version: str
    links: dict[str, str]

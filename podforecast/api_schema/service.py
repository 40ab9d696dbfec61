"""The service itself."""

from __future__ import annotations

from typing import Literal

from podforecast.api_schema.answer import Answer


class Alive(Answer):
    """The process answers."""

    status: Literal["alive"]


class Ready(Answer):
    """Forecasts are being answered."""

    status: Literal["ready"]
    model_version: str


class ServiceOut(Answer):
    """What runs here, and where to go on."""

    name: str
    version: str
    links: dict[str, str]

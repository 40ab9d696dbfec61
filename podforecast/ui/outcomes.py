"""What can become of asking the service, as values that view models word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from podforecast.api_schema import PredictResponse, Problem

Measurements = Mapping[str, float | str | None]
"""Body of a request to ``/predict``."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The service gave a forecast."""

    forecast: PredictResponse


@dataclass(frozen=True, slots=True)
class Declined:
    """The service answered that it will not, or can not, and why."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody answered, or somebody who is not the service."""

    address: str
    reason: str
    """Half a sentence."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The service answers, and has a model."""

    address: str
    model_version: str


Outcome = Answered | Declined | Unreachable
Connection = Connected | Declined | Unreachable


class Service(Protocol):
    """The service as pages see it; the client is one, and so are the fakes of the tests."""

    @property
    def address(self) -> str: ...

    def predict(self, measurements: Measurements) -> Outcome: ...

    def connection(self) -> Connection: ...

"""What can become of asking the service, as values that view models word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from podforecast.api_schema.curves import CurvesOut
from podforecast.api_schema.fleet import FleetOut, PodDetailOut
from podforecast.api_schema.model import ModelOut
from podforecast.api_schema.predict import ExplainedResponse, PredictResponse
from podforecast.api_schema.problems import Problem
from podforecast.api_schema.simulate import SimulationOut

Measurements = Mapping[str, float | str | None]
"""Body of a request to ``/predict``."""
Got = TypeVar("Got", bound=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Answered(Generic[Got]):
    """The service answered what it was asked."""

    answer: Got


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


Outcome = Answered[Got] | Declined | Unreachable
Connection = Connected | Declined | Unreachable


class Service(Protocol):
    """The service as pages see it; the client is one, and so are the fakes of the tests."""

    @property
    def address(self) -> str: ...

    def predict(self, measurements: Measurements) -> Outcome[PredictResponse]: ...

    def explained(self, measurements: Measurements) -> Outcome[ExplainedResponse]: ...

    def pods(self, filters: Mapping[str, str]) -> Outcome[FleetOut]: ...

    def pod(self, namespace: str, name: str) -> Outcome[PodDetailOut]: ...

    def model(self) -> Outcome[ModelOut]: ...

    def curves(self) -> Outcome[CurvesOut]: ...

    def simulate(self, count: int, seed: int | None) -> Outcome[SimulationOut]: ...

    def connection(self) -> Connection: ...

"""The service over HTTP. Whatever happens on the way comes back as a value, never as an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from podforecast.api_schema.curves import CurvesOut
from podforecast.api_schema.fleet import FleetOut, PodDetailOut
from podforecast.api_schema.model import ModelOut
from podforecast.api_schema.predict import ExplainedResponse, PredictResponse
from podforecast.api_schema.problems import InputProblem, Problem
from podforecast.api_schema.service import Ready
from podforecast.api_schema.simulate import SimulationOut
from podforecast.ui.outcomes import (
    Answered,
    Connected,
    Connection,
    Declined,
    Measurements,
    Outcome,
    Unreachable,
)

Answer = TypeVar("Answer", bound=BaseModel)

PROBLEM = "application/problem+json"
GLANCE_SECONDS = 4.0
"""For what is asked again and again. While the page waits, it can not react to its visitor."""
STRANGER = "something answers there, but it is not this service"


class ServiceClient:
    """Asks the service at one address.

    Parameters
    ----------
    address
        As a person types it: without a scheme it is http, and a trailing slash changes nothing.
    http
        Carries the timeouts. Shared between clients, since it holds connections.
    api_key
        One of that service's keys; empty where none is known.
    """

    def __init__(self, address: str, *, http: httpx.Client, api_key: str = "") -> None:
        self._address = completed(address)
        self._http = http
        self._headers = {"X-API-Key": api_key} if api_key else {}

    @property
    def address(self) -> str:
        """Start of every URL, without a slash at its end."""
        return self._address

    def predict(self, measurements: Measurements) -> Outcome[PredictResponse]:
        """Ask for a forecast of one pod; fields that are None were not measured."""
        body = {name: value for name, value in measurements.items() if value is not None}
        return self._ask("POST", "/predict", PredictResponse, body)

    def explained(self, measurements: Measurements) -> Outcome[ExplainedResponse]:
        """Ask for the same with its reasons, and what to do."""
        body = {name: value for name, value in measurements.items() if value is not None}
        return self._ask("POST", "/predict?explain=true", ExplainedResponse, body)

    def pods(self, filters: Mapping[str, str]) -> Outcome[FleetOut]:
        """Ask for the latest scan; ``filters`` are the parameters of ``GET /pods``."""
        query = f"?{httpx.QueryParams(filters)}" if filters else ""
        return self._ask("GET", f"/pods{query}", FleetOut, at_most=GLANCE_SECONDS)

    def pod(self, namespace: str, name: str) -> Outcome[PodDetailOut]:
        """Ask for the story of one pod."""
        path = f"/pods/{quote(namespace, safe='')}/{quote(name, safe='')}"
        return self._ask("GET", path, PodDetailOut, at_most=GLANCE_SECONDS)

    def model(self) -> Outcome[ModelOut]:
        """Ask which model answers, and how it came about."""
        return self._ask("GET", "/model", ModelOut)

    def curves(self) -> Outcome[CurvesOut]:
        """Ask how good that model was on rows it had not seen."""
        return self._ask("GET", "/model/curves", CurvesOut)

    def simulate(self, count: int, seed: int | None) -> Outcome[SimulationOut]:
        """Order clusters that do not exist; the service draws a seed where none is given."""
        query = "" if seed is None else f"?seed={seed}"
        return self._ask("GET", f"/simulate/{count}{query}", SimulationOut)

    def connection(self) -> Connection:
        """Ask whether forecasts can be had."""
        answer = self._ask("GET", "/readyz", Ready, at_most=GLANCE_SECONDS)
        if isinstance(answer, Answered):
            return Connected(self._address, answer.answer.model_version)
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        model: type[Answer],
        body: Measurements | None = None,
        *,
        at_most: float | None = None,
    ) -> Outcome[Answer]:
        patience = self._http.timeout
        timeout = patience if at_most is None else _shortened(patience, at_most)
        try:
            response = self._http.request(
                method,
                f"{self._address}{path}",
                json=body,
                headers=self._headers,
                timeout=timeout,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Unreachable(self._address, _reason(error))
        if response.is_redirect:
            target = response.headers.get("location", "another address")
            return Unreachable(self._address, f"it refers to {target}")
        try:
            return _read(response, model)
        except ValidationError:
            return Unreachable(self._address, STRANGER)


def _shortened(timeout: httpx.Timeout, at_most: float) -> httpx.Timeout:
    parts = timeout.as_dict().items()
    return httpx.Timeout(**{part: min(seconds or at_most, at_most) for part, seconds in parts})


def _read(response: httpx.Response, model: type[Answer]) -> Answered[Answer] | Declined:
    if response.headers.get("content-type", "").startswith(PROBLEM):
        kind = InputProblem if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY else Problem
        return Declined(kind.model_validate_json(response.content))
    return Answered(model.model_validate_json(response.content))


def _reason(error: httpx.HTTPError | httpx.InvalidURL) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, httpx.ConnectError):
        return "nothing listens there"
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return "that is no web address"
    return "the connection broke"


def completed(address: str) -> str:
    """Turn what a person types into the start of a URL.

    >>> completed(" localhost:8000/ ")
    'http://localhost:8000'
    """
    address = address.strip().rstrip("/")
    return address if "://" in address else f"http://{address}"

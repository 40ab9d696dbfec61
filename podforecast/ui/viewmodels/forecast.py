"""A forecast in words, and the reasons why there is none."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from podforecast.api_schema.predict import PredictResponse
from podforecast.api_schema.problems import InputProblem
from podforecast.domain.forecast import Prediction, RiskLevel
from podforecast.ui.outcomes import Declined, Measurements, Unreachable
from podforecast.ui.viewmodels.form import known_names, label_of


@dataclass(frozen=True, slots=True)
class Paint:
    """Colour and shape of a risk level: the shape for whoever does not see the colour."""

    colour: str
    """Background under white text; at least 4.5:1."""
    symbol: str


PAINT: Mapping[RiskLevel, Paint] = {
    RiskLevel.LOW: Paint("#1f7a4d", "●"),
    RiskLevel.MEDIUM: Paint("#8a6100", "◆"),
    RiskLevel.HIGH: Paint("#b8470b", "▲"),
    RiskLevel.CRITICAL: Paint("#a3123a", "■"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastView:
    paint: Paint
    headline: str
    percent: str
    sentence: str
    verdict: str
    share: float
    """Length of the bar, in [0, 1]."""
    threshold_share: float
    """Where its mark is."""
    footnote: str


def forecast_view(forecast: PredictResponse) -> ForecastView:
    """Word a forecast."""
    pod = forecast.input.get("pod_id", "the pod")
    return ForecastView(
        paint=PAINT[forecast.risk_level],
        headline=f"{forecast.risk_level.value.capitalize()} risk",
        percent=as_percent(forecast.failure_probability),
        sentence=f"{in_words(forecast.failure_probability)} pods that look like {pod} begin to"
        f" fail within {forecast.horizon_minutes:g} minutes.",
        verdict=_verdict(forecast),
        share=forecast.failure_probability,
        threshold_share=forecast.threshold,
        footnote=f"Model {forecast.model_version}",
    )


def _verdict(forecast: PredictResponse) -> str:
    threshold = as_percent(forecast.threshold)
    if forecast.prediction is Prediction.AT_RISK:
        return (
            f"At risk: the probability is at or above the threshold of {threshold}, the black mark."
        )
    if forecast.risk_level in {RiskLevel.HIGH, RiskLevel.CRITICAL}:
        # "Stable" beside "High risk" would be read as a mistake.
        return f"No alarm yet: it takes {threshold}, the black mark."
    return f"Stable: the probability is below the threshold of {threshold}, the black mark."


def as_percent(probability: float) -> str:
    """Write a probability as a percentage that is never rounded to certainty.

    >>> as_percent(0.9404), as_percent(0.0004), as_percent(0.9999), as_percent(0.0)
    ('94.0 %', '< 0.1 %', '> 99.9 %', '< 0.1 %')
    """
    if probability < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if probability > 0.999 else f"{probability:.1%}".replace("%", " %")


def in_words(probability: float) -> str:
    """Write a probability as a share of pods, which is easier to weigh than a percentage.

    >>> in_words(0.94), in_words(0.004), in_words(0.0001), in_words(0.999)
    ('About 94 of 100', 'About 4 of 1000', 'Fewer than 1 of 1000', 'More than 99 of 100')
    """
    if probability > 0.99:
        return "More than 99 of 100"
    if probability >= 0.0095:
        return f"About {probability * 100:.0f} of 100"
    return (
        f"About {probability * 1000:.0f} of 1000"
        if probability >= 0.001
        else "Fewer than 1 of 1000"
    )


@dataclass(frozen=True, slots=True)
class Fault:
    field: str
    fault: str
    way_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureView:
    headline: str
    detail: str
    hint: str
    faults: tuple[Fault, ...]
    """Field by field, where the request was refused."""
    footnote: str


def failure_view(outcome: Declined | Unreachable) -> FailureView:
    """Word why there is no forecast."""
    if isinstance(outcome, Unreachable):
        return FailureView(
            headline="The service does not answer",
            detail=f"{outcome.address}: {outcome.reason}.",
            hint="Start it with `uvicorn app:app`, or correct the address in the sidebar.",
            faults=(),
            footnote="",
        )
    problem = outcome.problem
    if isinstance(problem, InputProblem):
        return FailureView(
            headline="Some fields can not be used",
            detail="Correct them and ask again.",
            hint="",
            faults=_faults(problem),
            footnote=f"Request {problem.request_id}",
        )
    return FailureView(
        headline=problem.title,
        detail=f"{problem.detail[:1].upper()}{problem.detail[1:]}.",
        hint=problem.hint,
        faults=(),
        footnote=f"Request {problem.request_id}",
    )


def _faults(problem: InputProblem) -> tuple[Fault, ...]:
    names = known_names() | {"pod_id"}
    return tuple(
        Fault(label_of(e.field) if e.field in names else e.field, e.message, e.hint)
        for e in problem.errors
    )


def as_curl(address: str, measurements: Measurements) -> str:
    r"""Write the same request for a terminal.

    >>> as_curl("http://localhost:8000", {"pod_id": "it's"}).splitlines()[0]
    "curl 'http://localhost:8000/predict?explain=true' -H 'Content-Type: application/json' \\"
    """
    body = json.dumps({name: v for name, v in measurements.items() if v is not None})
    target = shlex.quote(f"{address}/predict?explain=true")
    return f"curl {target} -H 'Content-Type: application/json' \\\n  -d {shlex.quote(body)}"

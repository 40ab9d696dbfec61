"""What would become of a forecast if some of its numbers were others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from podforecast.api_schema.predict import ExplainedResponse, PredictResponse
from podforecast.domain.catalogue import CATALOGUE, Feature
from podforecast.domain.forecast import Prediction
from podforecast.ui.outcomes import Answered, Declined, Measurements, Outcome, Unreachable
from podforecast.ui.viewmodels.forecast import PAINT, Paint, as_percent, failure_view
from podforecast.ui.viewmodels.form import Field, field_of

MOST_SLIDERS = 5
ALWAYS = (
    "memory_usage_pct",
    "cpu_usage_pct",
    "request_latency_ms",
    "restart_count_24h",
    "node_pressure_score",
)
"""What people on call can change, or wait for; they fill the row up."""
_FEATURES: Mapping[str, Feature] = {feature.name: feature for feature in CATALOGUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """One number to play with: spans what is typical, and what was measured."""

    field: Field
    low: float
    high: float
    start: float


def sliders(forecast: ExplainedResponse, measured: Measurements) -> tuple[Slider, ...]:
    """Choose the numbers that mattered most in a forecast, and fill up with the usual ones."""
    names = dict.fromkeys(_candidates(forecast))
    found = (_slider(name, measured.get(name)) for name in names)
    return tuple(slider for slider in found if slider is not None)[:MOST_SLIDERS]


def _candidates(forecast: ExplainedResponse) -> Iterator[str]:
    reasons = forecast.explanation.reasons
    yield from (reason.feature for reason in reasons if reason.direction == "raises")
    yield from ALWAYS


def _slider(name: str, value: float | str | None) -> Slider | None:
    """None for what was not measured, and for categories."""
    if name not in _FEATURES or value is None or isinstance(value, str):
        return None
    low, high = _FEATURES[name].typical
    return Slider(
        field=field_of(_FEATURES[name]), low=min(low, value), high=max(high, value), start=value
    )


def changed(row: tuple[Slider, ...], values: Mapping[str, float]) -> dict[str, float]:
    """Those that were moved, with their new values."""
    return {
        slider.field.name: values[slider.field.name]
        for slider in row
        if values[slider.field.name] != slider.start
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfView:
    before: str
    after: str
    difference: str
    level: str
    paint: Paint
    verdict: str


@dataclass(frozen=True, slots=True)
class NoWhatIf:
    """The last forecast stands; this says why there is no other."""

    headline: str
    detail: str


def whatif_view(
    forecast: PredictResponse, outcome: Outcome[PredictResponse]
) -> WhatIfView | NoWhatIf:
    """Compare the answer for the moved numbers with the forecast for the measured ones."""
    if isinstance(outcome, Answered):
        return _compared(forecast, outcome.answer)
    return _unanswered(forecast, outcome)


def _compared(before: PredictResponse, after: PredictResponse) -> WhatIfView:
    points = (after.failure_probability - before.failure_probability) * 100.0
    moved = "no change" if abs(points) < 0.05 else f"{points:+.1f} points"
    return WhatIfView(
        before=as_percent(before.failure_probability),
        after=as_percent(after.failure_probability),
        difference=moved,
        level=f"{after.risk_level.value.capitalize()} risk",
        paint=PAINT[after.risk_level],
        verdict=_verdict(before, after),
    )


def _verdict(before: PredictResponse, after: PredictResponse) -> str:
    threshold = as_percent(after.threshold)
    side = "at or above" if after.prediction is Prediction.AT_RISK else "below"
    if before.model_version != after.model_version:
        return f"Another model answers now ({after.model_version}): ask for the forecast again."
    if before.prediction is after.prediction:
        return f"Still {side} the threshold of {threshold}."
    return f"That brings it {side} the threshold of {threshold}."


def _unanswered(forecast: PredictResponse, outcome: Declined | Unreachable) -> NoWhatIf:
    failure = failure_view(outcome)
    faults = "".join(f" {fault.field} {fault.fault}." for fault in failure.faults)
    return NoWhatIf(
        headline=f"No answer for the moved values: {_lowered(failure.headline)}",
        detail=f"{failure.detail}{faults} {failure.hint} The forecast of"
        f" {as_percent(forecast.failure_probability)} above is the last one, for the measured"
        " values.".replace("  ", " "),
    )


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]

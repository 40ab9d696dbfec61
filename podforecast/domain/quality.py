"""How good forecasts turned out to be: figures of a track, each None where nothing can be said."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from podforecast.domain.history import Track
from podforecast.domain.telemetry import Array

NORMAL_QUANTILE = 1.959963984540054
"""Of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of some cases, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin:
    """Forecasts of about the same probability."""

    forecast: float
    """Mean of their probabilities."""
    observed: float
    """Share that was followed by a failure."""
    forecasts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What a track says."""

    forecasts: int
    """Judged."""
    precision: Share | None
    """Of the notifications, those that a failure followed."""
    recall: Share | None
    """Of the failures, those that were announced."""
    false_alarms_per_100_pod_hours: float | None
    false_alarms_per_1000_pods_per_day: float | None
    lead_minutes_median: float | None
    """Of the announced failures."""
    lead_minutes_p10: float | None
    """One in ten was announced later than this."""
    prevalence: float | None
    """Share of forecasts that a failure followed."""
    calibration_error: float | None
    """Mean distance of forecast and observed share over the bins, weighted by forecasts."""
    brier: float | None
    """Mean squared distance of probability and outcome."""
    calibration: tuple[CalibrationBin, ...]
    """Bins with forecasts in them, rising."""


def quality_of(track: Track) -> Quality:
    """Work the figures out."""
    forecasts = int(track.forecasts.sum())
    bins = _bins(track)
    distances = [one.forecasts * abs(one.forecast - one.observed) for one in bins]
    median, p10 = _quantiles(track.lead_minutes)
    return Quality(
        forecasts=forecasts,
        precision=share(track.notifications - track.false_alarms, track.notifications),
        recall=share(track.announced, track.failures),
        false_alarms_per_100_pod_hours=_ratio(100.0 * track.false_alarms, track.pod_hours),
        false_alarms_per_1000_pods_per_day=_ratio(24_000.0 * track.false_alarms, track.pod_hours),
        lead_minutes_median=median,
        lead_minutes_p10=p10,
        prevalence=_ratio(float(track.failed.sum()), forecasts),
        calibration_error=_ratio(sum(distances), forecasts),
        brier=_ratio(track.squared_error, forecasts),
        calibration=bins,
    )


def share(part: int, whole: int) -> Share | None:
    """Share of a whole with its interval by Wilson's score; None of nothing.

    It stays within [0, 1] and says something at the ends too, unlike the usual one: E. B. Wilson,
    Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
    The cases are taken to be independent, as notifications and failures roughly are.

    >>> share(0, 0) is None
    True
    >>> share(5, 10)
    Share(value=0.5, low=0.2366, high=0.7634)
    >>> share(3, 3)
    Share(value=1.0, low=0.4385, high=1.0)
    """
    if whole == 0:
        return None
    value, z2 = part / whole, NORMAL_QUANTILE**2 / whole
    centre = (value + z2 / 2.0) / (1.0 + z2)
    half = math.sqrt(value * (1.0 - value) * z2 + z2 * z2 / 4.0) / (1.0 + z2)
    low, high = max(centre - half, 0.0), min(centre + half, 1.0)
    return Share(value, round(low, 4), round(high, 4))


def _bins(track: Track) -> tuple[CalibrationBin, ...]:
    return tuple(
        CalibrationBin(
            forecast=float(track.probability[k] / track.forecasts[k]),
            observed=float(track.failed[k] / track.forecasts[k]),
            forecasts=int(track.forecasts[k]),
        )
        for k in np.flatnonzero(track.forecasts)
    )


def _quantiles(minutes: Array) -> tuple[float | None, float | None]:
    if not len(minutes):
        return None, None
    median, p10 = np.quantile(minutes, [0.5, 0.1])
    return float(median), float(p10)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None

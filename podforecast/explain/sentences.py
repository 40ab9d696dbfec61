"""Values of features in words."""

from __future__ import annotations

import math

from podforecast.domain.catalogue import Feature
from podforecast.explain.phrases import CATEGORIES, PHRASES

Range = tuple[float, float]


def sentence(feature: Feature, value: float, *, siblings: Range | None = None) -> str:
    """Say what a feature is, and what it usually is; NaN is "not measured".

    Parameters
    ----------
    siblings
        Range of it among the workload's other pods, which says more than what is usual elsewhere.

    >>> from podforecast.domain.catalogue import CATALOGUE
    >>> sentence(CATALOGUE[1], 98.5)
    'Memory usage is 98.5 % of its limit; usually 10 to 70 %.'
    >>> sentence(CATALOGUE[1], 98.5, siblings=(31.0, 42.5))
    "Memory usage is 98.5 % of its limit; the workload's other pods have 31 to 42.5 %."
    >>> sentence(CATALOGUE[1], math.nan)
    'Memory usage was not measured.'
    """
    phrase = PHRASES[feature.name]
    if math.isnan(value):
        return f"{phrase.subject} was not measured."
    if feature.categories:
        return CATEGORIES[feature.name][feature.categories[int(value)]]
    said = f"{phrase.subject} {phrase.says.format(number(feature, value))}"
    if siblings is not None:
        return f"{said}; the workload's other pods have {_spanned(feature, siblings)}."
    return f"{said}; usually {_spanned(feature, feature.usual)}." if feature.usual else f"{said}."


def number(feature: Feature, value: float) -> str:
    """Write a value in the unit of its phrase, with a sign where it can be below 0.

    >>> from podforecast.domain.catalogue import CATALOGUE
    >>> number(CATALOGUE[2], 0.225)
    '22.5'
    """
    written = plain(value * PHRASES[feature.name].scale)
    if feature.low < 0 < value and written != "0":
        written = f"+{written}"
    return f"at least {written}" if _is_cut_off(feature, value) else written


def plain(value: float) -> str:
    """Write three figures, without zeros behind them and without an exponent.

    >>> plain(1400.0), plain(98.46), plain(4.0), plain(0.0123), plain(-1.5), plain(1e-9)
    ('1400', '98.5', '4', '0.0123', '-1.5', '0')
    """
    if abs(value) < 0.0005:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    written = f"{value:.{digits}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _spanned(feature: Feature, span: Range) -> str:
    (low, high), unit = _rounded(feature, span), PHRASES[feature.name].unit
    if number(feature, low) == number(feature, high):
        return f"{number(feature, low)}{unit}"
    if _is_cut_off(feature, high):
        return f"at least {number(feature, low)}{unit}"
    return f"{number(feature, low)} to {number(feature, high)}{unit}"


def _is_cut_off(feature: Feature, value: float) -> bool:
    """Whether the value stands for everything above it: durations are not followed forever."""
    return feature.unit == "min" and value >= feature.high


def _rounded(feature: Feature, span: Range) -> Range:
    """Round both ends to what can be told of the larger one.

    >>> from podforecast.domain.catalogue import CATALOGUE
    >>> _spanned(CATALOGUE[1], (-0.000943, 18.64))
    '0 to 18.6 %'
    """
    scale = PHRASES[feature.name].scale
    largest = max(abs(end) for end in span) * scale
    if largest == 0.0:
        return span
    digits = 2 - math.floor(math.log10(largest))
    low, high = (round(end * scale, digits) / scale for end in span)
    return low, high

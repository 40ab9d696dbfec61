"""One set of colours for all pages, light and dark.

Red, orange and green belong to risk and always come with a symbol and a word. Everything else is
blue or grey. Text has a contrast of at least 4.5:1 to its background, marks 3:1; a test checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from podforecast.api_schema.fleet import PodState

Scheme = Literal["light", "dark"]
Ink = PodState | Literal["medium", "watch"]
"""A state, or stable while the risk is medium, or high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inks:
    """Colours on one background."""

    background: str
    """As in .streamlit/config.toml."""
    text: str
    quiet: str
    """Text that matters less."""
    grid: str
    """Decoration only: nothing has to be read from it."""
    line: str
    """A signal."""
    forecast: str
    """A probability."""
    states: Mapping[Ink, str]


INKS: Mapping[Scheme, Inks] = {
    "light": Inks(
        background="#ffffff",
        text="#1c2530",
        quiet="#56626f",
        grid="#e3e8ee",
        line="#2b5c8a",
        forecast="#1c2530",
        states={
            "failing": "#a3123a",
            "at_risk": "#b8470b",
            "watch": "#8a6100",
            "medium": "#56626f",
            "insufficient_data": "#56626f",
            "stable": "#1f7a4d",
        },
    ),
    "dark": Inks(
        background="#11161d",
        text="#e6ebf1",
        quiet="#a3afbc",
        grid="#2a3440",
        line="#7fb2e5",
        forecast="#e6ebf1",
        states={
            "failing": "#ff7d95",
            "at_risk": "#ff9e5a",
            "watch": "#dfb04f",
            "medium": "#a3afbc",
            "insufficient_data": "#a3afbc",
            "stable": "#5fc690",
        },
    ),
}


def scheme_of(theme_type: object) -> Scheme:
    """Read what the browser says about its theme; light where it says nothing.

    >>> scheme_of("dark"), scheme_of(None)
    ('dark', 'light')
    """
    return "dark" if theme_type == "dark" else "light"


@dataclass(frozen=True, slots=True)
class StateSign:
    """A pod's state for whoever does not see the colour."""

    symbol: str
    word: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"


SIGNS: Mapping[PodState, StateSign] = {
    "failing": StateSign(
        "✖", "Failing", "Down or backing off now. A pod that fails already is not forecast."
    ),
    "at_risk": StateSign("▲", "At risk", "The probability is at or above the threshold."),
    "insufficient_data": StateSign(
        "?", "Insufficient data", "Too few samples in the last minutes to say anything."
    ),
    "stable": StateSign(
        "●",
        "Stable",
        "The probability is below the threshold; ◆ where the risk is high all the same.",
    ),
}
"""In the order of the ranking but for those without data, which come last there."""

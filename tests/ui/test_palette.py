"""Every colour can be read on its background, light and dark."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from podforecast.ui.palette import INKS, SIGNS
from podforecast.ui.viewmodels.fleet import MARKDOWN_COLOURS
from podforecast.ui.viewmodels.forecast import PAINT

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text())["theme"]
TEXT, MARK = 4.5, 3.0
"""Least contrast, WCAG 2.2 AA."""


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def texts():
    for scheme, inks in INKS.items():
        yield from ((scheme, name, getattr(inks, name)) for name in ("text", "quiet"))
        yield from ((scheme, state, colour) for state, colour in inks.states.items())


@pytest.mark.parametrize(("scheme", "name", "colour"), list(texts()))
def test_text_is_legible_on_the_page_and_on_panels(scheme, name, colour):
    for background in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(colour, THEME[scheme][background]) >= TEXT


@pytest.mark.parametrize("scheme", INKS)
@pytest.mark.parametrize("name", ["line", "forecast"])
def test_marks_stand_out(scheme, name):
    assert contrast(getattr(INKS[scheme], name), THEME[scheme]["backgroundColor"]) >= MARK


@pytest.mark.parametrize("scheme", INKS)
def test_buttons_of_the_theme_carry_white_text(scheme):
    assert contrast("#ffffff", THEME[scheme]["primaryColor"]) >= TEXT


def test_white_text_is_legible_on_cards():
    on_cards = [*INKS["light"].states.values(), *(paint.colour for paint in PAINT.values())]
    assert min(contrast("#ffffff", colour) for colour in on_cards) >= TEXT


@pytest.mark.parametrize("scheme", INKS)
def test_the_theme_has_the_colours_of_the_palette(scheme):
    assert INKS[scheme].background == THEME[scheme]["backgroundColor"]
    assert INKS[scheme].text == THEME[scheme]["textColor"]
    for state, name in MARKDOWN_COLOURS.items():
        assert THEME[scheme][f"{name}TextColor"] == INKS[scheme].states[state]


def test_no_two_states_share_a_symbol_or_a_word():
    assert len({sign.symbol for sign in SIGNS.values()}) == len(SIGNS)
    assert len({sign.word for sign in SIGNS.values()}) == len(SIGNS)

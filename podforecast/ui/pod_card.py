"""A pod's forecast as a card: colour, symbol, word and number. Every text in it is escaped."""

from __future__ import annotations

from html import escape

from podforecast.ui.cards import share_bar
from podforecast.ui.palette import INKS
from podforecast.ui.viewmodels.pod import PodView


def pod_card(view: PodView) -> str:
    """Draw the card, with a bar where there is a probability."""
    # White text needs the darker of the two sets, whatever the page's background.
    colour = INKS["light"].states[view.ink]
    return (
        f'<div style="background:{colour};color:#fff;border-radius:.6rem;'
        'padding:1rem 1.25rem;margin-bottom:.6rem">'
        f'<div style="font-size:1.05rem;font-weight:600">{escape(view.headline)}</div>'
        '<div style="font-size:2.6rem;font-weight:700;line-height:1.25">'
        f"{escape(view.number)}</div>"
        f'<div style="margin:.15rem 0 .6rem">{escape(view.sentence)}</div>'
        f"{_bar(view)}<div>{escape(view.verdict)}</div></div>"
    )


def _bar(view: PodView) -> str:
    if view.share is None:
        return ""
    return f'<div style="margin:.2rem 0 .7rem">{share_bar(view.share, view.threshold_share)}</div>'

"""Pieces of HTML that Streamlit has no element for. Every text in them is escaped."""

from __future__ import annotations

from html import escape

from podforecast.ui.palette import INKS, Inks, Scheme
from podforecast.ui.viewmodels.explanation import Line, WhyView
from podforecast.ui.viewmodels.forecast import ForecastView
from podforecast.ui.viewmodels.whatif import WhatIfView


def forecast_card(view: ForecastView) -> str:
    """Draw a forecast: its level as colour, shape and word, and a bar with the threshold on it."""
    colour, symbol = view.paint.colour, view.paint.symbol
    return (
        f'<div style="background:{colour};color:#fff;border-radius:.6rem;'
        'padding:.8rem 1.25rem 1rem;margin-bottom:.6rem">'
        '<div style="display:flex;flex-wrap:wrap;align-items:baseline;gap:0 1rem">'
        f'<span style="font-size:2.7rem;font-weight:700;line-height:1.25">{escape(view.percent)}'
        f'</span><span style="font-size:1.3rem;font-weight:600"><span aria-hidden="true">{symbol}'
        f"</span> {escape(view.headline)}</span></div>"
        f'<div style="margin:.1rem 0 .8rem">{escape(view.sentence)}</div>'
        f"{share_bar(view.share, view.threshold_share)}"
        f'<div style="margin-top:.7rem;font-weight:600">{escape(view.verdict)}</div></div>'
    )


def share_bar(share: float, threshold_share: float | None = None) -> str:
    """Draw a probability, and a threshold as a black mark; words around it say both."""
    mark = (
        ""
        if threshold_share is None
        else f'<div style="position:absolute;left:{threshold_share:.2%};top:-.3rem;bottom:-.3rem;'
        'width:3px;margin-left:-1px;background:#111;outline:1px solid #fff"></div>'
    )
    return (
        '<div aria-hidden="true" style="position:relative;height:.75rem;'
        'background:rgba(255,255,255,.3);border-radius:.375rem">'
        f'<div style="width:{share:.2%};height:100%;background:#fff;border-radius:.375rem"></div>'
        f"{mark}</div>"
    )


def why_list(view: WhyView, scheme: Scheme) -> str:
    """Draw reasons as a list: a sentence, a bar to the left or the right, and what it says."""
    lines = (*view.lines, view.other) if view.other else view.lines
    items = "".join(_why_item(line, scheme, last=line is view.other) for line in lines)
    return (
        f"<div>{escape(view.start)}</div>"
        f'<ul style="list-style:none;margin:.35rem 0 .2rem;padding:0">{items}</ul>'
    )


def _why_item(line: Line, scheme: Scheme, *, last: bool) -> str:
    ink = INKS[scheme]
    colour = ink.states["at_risk"] if line.effect.share >= 0 else ink.line
    style = f"color:{ink.quiet}" if last else ""
    return (
        '<li style="display:flex;flex-wrap:wrap;align-items:center;gap:.1rem .9rem;margin:0;'
        f'padding:.3rem 0;border-top:1px solid {ink.grid};{style}">'
        f'<span style="flex:1 1 15rem;line-height:1.3">{escape(line.fact)}'
        f"{_remark(line, ink)}</span>"
        '<span style="flex:0 0 17rem;display:flex;align-items:center;gap:.7rem">'
        f"{_diverging_bar(line.effect.share, colour, ink.quiet)}"
        f'<span style="flex:0 0 6.6rem;color:{colour};font-weight:600;white-space:nowrap">'
        f"{escape(line.effect.text)}</span></span></li>"
    )


def _remark(line: Line, ink: Inks) -> str:
    if not line.remark:
        return ""
    return f'<br><span style="color:{ink.quiet};font-size:.875rem">{escape(line.remark)}</span>'


def _diverging_bar(share: float, colour: str, axis: str) -> str:
    """Draw a bar from the middle: to the right what raises, to the left what lowers."""
    length = max(abs(share) * 50.0, 1.0)
    left = 50.0 if share >= 0 else 50.0 - length
    return (
        '<span aria-hidden="true" style="position:relative;flex:1;height:.8rem">'
        f'<span style="position:absolute;left:{left:.1f}%;width:{length:.1f}%;top:0;bottom:0;'
        f'background:{colour};border-radius:.15rem"></span>'
        f'<span style="position:absolute;left:50%;top:-.25rem;bottom:-.25rem;width:1px;'
        f'background:{axis}"></span></span>'
    )


def whatif_card(view: WhatIfView) -> str:
    """Draw what would be beside what is."""
    return (
        '<div role="status" style="display:flex;flex-wrap:wrap;align-items:baseline;'
        'gap:.2rem .9rem;margin-bottom:.4rem">'
        f'<span style="font-size:1.7rem;font-weight:700">{escape(view.before)}'
        f' <span aria-label="becomes">→</span> {escape(view.after)}</span>'
        f"<span>{escape(view.difference)}</span>"
        f'<span style="background:{view.paint.colour};color:#fff;border-radius:.4rem;'
        f'padding:.15rem .6rem;font-weight:600"><span aria-hidden="true">{view.paint.symbol}'
        f"</span> {escape(view.level)}</span>"
        f"<span>{escape(view.verdict)}</span></div>"
    )

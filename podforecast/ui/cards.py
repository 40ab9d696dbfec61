"""Pieces of HTML that Streamlit has no element for. Every text in them is escaped."""

from __future__ import annotations

from html import escape

from podforecast.ui.viewmodels.forecast import ForecastView


def forecast_card(view: ForecastView) -> str:
    """Draw a forecast: its level as colour, shape and word, and a bar with the threshold on it."""
    colour, symbol = view.paint.colour, view.paint.symbol
    return (
        f'<div style="background:{colour};color:#fff;border-radius:.6rem;padding:1.1rem 1.25rem;'
        'margin-bottom:1rem">'
        f'<div style="font-size:1.05rem;font-weight:600"><span aria-hidden="true">{symbol}</span>'
        f" {escape(view.headline)}</div>"
        f'<div style="font-size:3rem;font-weight:700;line-height:1.25">{escape(view.percent)}</div>'
        f'<div style="margin:.15rem 0 1rem">{escape(view.sentence)}</div>'
        f"{_bar(view)}</div>"
    )


def _bar(view: ForecastView) -> str:
    label = escape(f"{view.percent}. {view.verdict}", quote=True)
    return (
        f'<div role="img" aria-label="{label}" style="position:relative;height:.75rem;'
        'background:rgba(255,255,255,.3);border-radius:.375rem">'
        f'<div style="width:{view.share:.2%};height:100%;background:#fff;border-radius:.375rem">'
        "</div>"
        f'<div style="position:absolute;left:{view.threshold_share:.2%};top:-.3rem;bottom:-.3rem;'
        'width:3px;margin-left:-1px;background:#111;outline:1px solid #fff"></div></div>'
        '<div style="display:flex;justify-content:space-between;font-size:.8rem;margin-top:.4rem">'
        "<span>0 %</span><span>black mark: threshold</span><span>100 %</span></div>"
    )

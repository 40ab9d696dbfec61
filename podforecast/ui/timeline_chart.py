"""Draws one pod's timeline: a panel per signal, one time axis, and what happened across all.

Written as a Vega-Lite specification: Altair checks every record of it against the schema, which
takes seconds where this takes milliseconds, and the page draws it anew every few seconds.
"""

from __future__ import annotations

from typing import Any

from podforecast.ui.palette import INKS, Inks, Scheme
from podforecast.ui.viewmodels.timeline import PROBABILITY, Panel, TimelineView

FORECAST_HEIGHT, SIGNAL_HEIGHT = 150, 58
"""Pixels; the forecast is what one came for."""
AXIS_WIDTH = 44
"""Pixels for the labels of the upright axes, so that all panels begin at the same place."""

Spec = dict[str, Any]


def timeline_chart(view: TimelineView, scheme: Scheme) -> Spec:
    """Draw the panels below each other."""
    inks = INKS[scheme]
    return {
        "datasets": {
            "moments": list(view.moments),
            "alarms": list(view.alarms),
            "failing": list(view.failing),
            "failures": list(view.failures),
        },
        "vconcat": [
            _panel(view, panel, inks, is_last=panel is view.panels[-1]) for panel in view.panels
        ],
        "spacing": 6,
        "resolve": {"scale": {"x": "shared", "y": "independent"}},
        "config": {
            "background": inks.background,
            "font": "Source Sans, sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": inks.quiet,
                "titleColor": inks.quiet,
                "gridColor": inks.grid,
                "domainColor": inks.quiet,
                "tickColor": inks.quiet,
                "labelFontSize": 11,
            },
            "title": {"color": inks.text, "anchor": "start", "fontSize": 12, "offset": 4},
        },
    }


def _panel(view: TimelineView, panel: Panel, inks: Inks, *, is_last: bool) -> Spec:
    x, is_forecast = _time_axis(labelled=is_last), panel.field == PROBABILITY
    layers: list[Spec] = []
    if view.alarms:
        layers.append(_shade("alarms", inks.states["at_risk"], x))
    if view.failing:
        layers.append(_shade("failing", inks.states["failing"], x))
    layers.append(_line(panel, inks, x))
    if panel.limit is not None:
        layers += _limit(panel, panel.limit, inks)
    if view.failures:
        layers += _failures(inks, x, signed=is_forecast)
    layers.append(_crosshair(view, panel, inks, x))
    return {
        "title": panel.title,
        "height": FORECAST_HEIGHT if is_forecast else SIGNAL_HEIGHT,
        "layer": layers,
    }


def _time_axis(*, labelled: bool) -> Spec:
    return {
        "field": "time",
        "type": "temporal",
        # In UTC, so that the browser's time zone does not move what the server wrote.
        "scale": {"type": "utc", "nice": False},
        "axis": {
            "title": "Time (UTC)" if labelled else None,
            "labels": labelled,
            "ticks": labelled,
            "format": "%H:%M",
            "labelOverlap": True,
            "tickCount": 8,
        },
    }


def _shade(data: str, colour: str, x: Spec) -> Spec:
    return {
        "data": {"name": data},
        "mark": {"type": "rect", "color": colour, "opacity": 0.2, "clip": True},
        "encoding": {"x": {**x, "field": "begin"}, "x2": {"field": "end"}},
    }


def _line(panel: Panel, inks: Inks, x: Spec) -> Spec:
    is_forecast = panel.field == PROBABILITY
    return {
        "data": {"name": "moments"},
        "mark": {
            "type": "line",
            "color": inks.forecast if is_forecast else inks.line,
            "strokeWidth": 2,
            "interpolate": "step-after" if is_forecast else "linear",
            # Unknown is a gap, not a line across it.
            "invalid": "break-paths-show-domains",
        },
        "encoding": {
            "x": x,
            "y": {
                "field": panel.field,
                "type": "quantitative",
                "title": None,
                "scale": {"domain": [0, panel.top], "nice": not is_forecast},
                "axis": {
                    "tickCount": 3,
                    "tickMinStep": 1 if panel.is_count else 0,
                    "minExtent": AXIS_WIDTH,
                    "maxExtent": AXIS_WIDTH,
                },
            },
        },
    }


def _limit(panel: Panel, limit: float, inks: Inks) -> list[Spec]:
    colour = inks.states["at_risk"] if panel.field == PROBABILITY else inks.quiet
    y = {"datum": limit, "type": "quantitative"}
    data: Spec = {"values": [{}]}
    rule = {"type": "rule", "color": colour, "strokeDash": [5, 4], "strokeWidth": 1.5}
    text = {
        "type": "text",
        "text": panel.limit_title,
        "color": colour,
        "align": "left",
        "baseline": "bottom" if panel.field == PROBABILITY else "top",
        "dx": 4,
        "dy": -3 if panel.field == PROBABILITY else 4,
    }
    return [
        {"data": data, "mark": rule, "encoding": {"y": y}},
        {"data": data, "mark": text, "encoding": {"y": y, "x": {"value": 0}}},
    ]


def _failures(inks: Inks, x: Spec, *, signed: bool) -> list[Spec]:
    colour = inks.states["failing"]
    encoding: Spec = {
        "x": x,
        "tooltip": [
            {"field": "clock", "type": "nominal", "title": "Failed at"},
            {"field": "cause", "type": "nominal", "title": "Cause"},
            {"field": "announced", "type": "nominal", "title": "Forecast"},
        ],
    }
    data = {"name": "failures"}
    rule = {"type": "rule", "color": colour, "strokeWidth": 2}
    layers = [{"data": data, "mark": rule, "encoding": encoding}]
    if signed:
        sign = {"type": "text", "text": "✖", "color": colour, "fontSize": 13, "dy": -8}
        layers.append({"data": data, "mark": sign, "encoding": {**encoding, "y": {"value": 0}}})
    return layers


def _crosshair(view: TimelineView, panel: Panel, inks: Inks, x: Spec) -> Spec:
    """Mark the time under the pointer in every panel, whichever it is over."""
    pointed_at = [{"param": _hover(each), "empty": False} for each in view.panels]
    values = [
        {"field": f"{each.field}_text", "type": "nominal", "title": each.short_title}
        for each in view.panels
    ]
    return {
        "data": {"name": "moments"},
        "mark": {"type": "rule", "color": inks.quiet, "strokeWidth": 1},
        "params": [
            {
                "name": _hover(panel),
                "select": {
                    "type": "point",
                    "fields": ["time"],
                    "nearest": True,
                    "on": "pointerover",
                    "clear": "pointerout",
                },
            }
        ],
        "encoding": {
            "x": x,
            "opacity": {"condition": {"test": {"or": pointed_at}, "value": 0.9}, "value": 0},
            "tooltip": [{"field": "clock", "type": "nominal", "title": "Time (UTC)"}, *values],
        },
    }


def _hover(panel: Panel) -> str:
    return f"hover_{panel.field}"

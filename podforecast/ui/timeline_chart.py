"""Draws one pod's timeline: a panel per signal, one time axis, and what happened across all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_

import altair as alt

from podforecast.ui.palette import INKS, Inks, Scheme
from podforecast.ui.viewmodels.timeline import PROBABILITY, Panel, Record, TimelineView

FORECAST_HEIGHT, SIGNAL_HEIGHT = 150, 80
"""Pixels; the forecast is what one came for."""

Layer = alt.Chart | alt.LayerChart | alt.FacetChart


def timeline_chart(view: TimelineView, scheme: Scheme) -> alt.VConcatChart:
    """Draw the panels below each other."""
    inks = INKS[scheme]
    hovers = {panel.field: _hover(panel) for panel in view.panels}
    panels = [
        _panel(view, panel, inks, hovers=hovers, is_last=panel is view.panels[-1])
        for panel in view.panels
    ]
    chart: alt.VConcatChart = (
        alt.vconcat(*panels, spacing=6)
        .resolve_scale(x="shared", y="independent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=inks.quiet,
            gridColor=inks.grid,
            domainColor=inks.quiet,
            tickColor=inks.quiet,
            labelFontSize=11,
        )
        .configure_title(color=inks.text, anchor="start", fontSize=12, fontWeight=600, offset=4)
    )
    return chart


def _hover(panel: Panel) -> alt.Parameter:
    return alt.selection_point(
        name=f"hover_{panel.field}",
        fields=["time"],
        nearest=True,
        on="pointerover",
        clear="pointerout",
        empty=False,
    )


def _panel(
    view: TimelineView,
    panel: Panel,
    inks: Inks,
    *,
    hovers: Mapping[str, alt.Parameter],
    is_last: bool,
) -> Layer:
    x = _on_time_axis("time", labelled=is_last)
    is_forecast = panel.field == PROBABILITY
    layers: list[Layer] = [
        *_shades(view, inks, _on_time_axis("begin", labelled=is_last)),
        _line(view, panel, inks, x),
        *_limit(view, panel, inks, x),
        *_failures(view, inks, x, signed=is_forecast),
        _crosshair(view, inks, x, hovers).add_params(hovers[panel.field]),
    ]
    height = FORECAST_HEIGHT if is_forecast else SIGNAL_HEIGHT
    return alt.layer(*layers).properties(title=panel.title, height=height)


def _records(records: tuple[Record, ...]) -> alt.InlineData:
    return alt.InlineData(values=list(records))


def _on_time_axis(field: str, *, labelled: bool) -> alt.X:
    axis = alt.Axis(
        title="Time (UTC)" if labelled else None,
        labels=labelled,
        ticks=labelled,
        format="%H:%M",
        labelOverlap=True,
        tickCount=8,
    )
    # The scale is in UTC, so the browser's time zone does not move what the server wrote.
    scale = alt.Scale(type="utc", nice=False)
    return alt.X(f"{field}:T", axis=axis, scale=scale)


def _shades(view: TimelineView, inks: Inks, x: alt.X) -> list[Layer]:
    shades: list[Layer] = []
    for records, colour in (
        (view.alarms, inks.states["at_risk"]),
        (view.failing, inks.states["failing"]),
    ):
        if records:
            shades.append(
                alt.Chart(_records(records))
                .mark_rect(color=colour, opacity=0.18, clip=True)
                .encode(x=x, x2="end:T")
            )
    return shades


def _line(view: TimelineView, panel: Panel, inks: Inks, x: alt.X) -> Layer:
    is_forecast = panel.field == PROBABILITY
    scale = alt.Scale(domain=[0, 100]) if is_forecast else alt.Scale(zero=True, nice=True)
    line: Layer = (
        alt.Chart(_records(view.moments))
        .mark_line(
            color=inks.forecast if is_forecast else inks.line,
            strokeWidth=2,
            interpolate="step-after" if is_forecast else "linear",
            clip=True,
        )
        .encode(
            x=x,
            y=alt.Y(
                f"{panel.field}:Q",
                title=None,
                scale=scale,
                axis=alt.Axis(tickCount=3, minExtent=36),
            ),
        )
    )
    return line


def _limit(view: TimelineView, panel: Panel, inks: Inks, x: alt.X) -> list[Layer]:
    if panel.limit is None:
        return []
    colour = inks.states["at_risk"] if panel.field == PROBABILITY else inks.quiet
    record: Record = {"time": view.begin, "limit": panel.limit, "title": panel.limit_title}
    base = alt.Chart(_records((record,))).encode(y="limit:Q")
    return [
        base.mark_rule(color=colour, strokeDash=[5, 4], strokeWidth=1.5),
        base.mark_text(
            text=panel.limit_title, color=colour, align="left", baseline="bottom", dx=4, dy=-2
        ).encode(x=x),
    ]


def _failures(view: TimelineView, inks: Inks, x: alt.X, *, signed: bool) -> list[Layer]:
    if not view.failures:
        return []
    colour = inks.states["failing"]
    base = alt.Chart(_records(view.failures)).encode(x=x)
    tooltip = [
        alt.Tooltip("clock:N", title="Failed at"),
        alt.Tooltip("cause:N", title="Cause"),
        alt.Tooltip("announced:N", title="Forecast"),
    ]
    rule = base.mark_rule(color=colour, strokeWidth=2).encode(tooltip=tooltip)
    if not signed:
        return [rule]
    sign = base.mark_text(text="✖", color=colour, baseline="bottom", dy=-2, fontSize=13)
    return [rule, sign.encode(y=alt.value(0), tooltip=tooltip)]


def _crosshair(
    view: TimelineView, inks: Inks, x: alt.X, hovers: Mapping[str, alt.Parameter]
) -> Layer:
    """Mark the time under the pointer in every panel, whichever it is over."""
    pointed_at = reduce(or_, hovers.values())
    tooltip = [alt.Tooltip("clock:N", title="Time (UTC)")] + [
        alt.Tooltip(f"{panel.field}_text:N", title=panel.title.split(",")[0])
        for panel in view.panels
    ]
    rule: Layer = (
        alt.Chart(_records(view.moments))
        .mark_rule(color=inks.quiet, strokeWidth=1)
        .encode(
            x=x,
            tooltip=tooltip,
            opacity=alt.condition(pointed_at, alt.value(0.9), alt.value(0)),
        )
    )
    return rule

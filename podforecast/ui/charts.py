"""What all charts share: the way from values to marks, and colours that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from podforecast.ui.palette import Inks

Plot = alt.LayerChart | alt.FacetChart
"""Altair says so of layers; none of these has facets."""
SHARE = ".0%"


def share_axis() -> alt.Axis:
    """Axis of a share, in percent."""
    return alt.Axis(format=SHARE, tickCount=6)


def finished(chart: Plot, inks: Inks, *, height: float, says: str) -> Plot:
    """Set size and colours; ``says`` is for whoever does not see the chart."""
    finished: Plot = (
        chart.properties(height=height, description=says, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=inks.quiet,
            titleColor=inks.quiet,
            titleFontWeight="normal",
            gridColor=inks.grid,
            domainColor=inks.quiet,
            tickColor=inks.quiet,
            labelFontSize=12,
        )
    )
    return finished


def data(values: Sequence[dict[str, Any]]) -> alt.InlineData:
    """Values as part of the chart."""
    return alt.InlineData(values=list(values))

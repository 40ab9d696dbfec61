"""Draws the summary of the Simulate page: kinds of trouble, and how probabilities lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import altair as alt

from podforecast.ui.charts import SHARE, Plot, data, finished
from podforecast.ui.palette import INKS, Scheme
from podforecast.ui.viewmodels.simulation import Bin, IssueBar

HEIGHT = 140
SIMULATED, TOLD = "simulated", "foretold"


def issues_chart(bars: Sequence[IssueBar], scheme: Scheme) -> Plot:
    """Clusters by kind of trouble: an outline for what was simulated, filled for what was told."""
    inks = INKS[scheme]
    base = alt.Chart(data([asdict(bar) for bar in bars])).encode(
        y=alt.Y("issue:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, ticks=False)),
        tooltip=[
            alt.Tooltip("issue:N", title="kind"),
            alt.Tooltip("told:Q", title=TOLD),
            alt.Tooltip("simulated:Q", title=SIMULATED),
        ],
    )
    axis = alt.Axis(tickMinStep=1, tickCount=6, format="d")
    title = "clusters: simulated (outline), foretold"
    return finished(
        alt.layer(
            base.mark_bar(height=17, fillOpacity=0.0, stroke=inks.quiet, strokeWidth=1.5).encode(
                x=alt.X("simulated:Q", title=title, axis=axis)
            ),
            base.mark_bar(height=9, color=inks.line).encode(x=alt.X("told:Q")),
        ),
        inks,
        height=HEIGHT,
        says="; ".join(f"{b.issue}: {b.told} {TOLD}, {b.simulated} {SIMULATED}" for b in bars),
    )


def probabilities_chart(bins: Sequence[Bin], scheme: Scheme) -> Plot:
    """Clusters by their probability, a bar for each tenth."""
    inks = INKS[scheme]
    base = alt.Chart(data([asdict(each) for each in bins])).encode(
        x=alt.X(
            "low:Q",
            title="probability of an issue",
            scale=alt.Scale(domain=[0, 1], nice=False),
            axis=alt.Axis(format=SHARE, tickCount=10, grid=False),
        ),
        x2="high:Q",
        y2=alt.datum(0),
        y=alt.Y("clusters:Q", title="clusters", axis=alt.Axis(tickMinStep=1, tickCount=4)),
        tooltip=[
            alt.Tooltip("low:Q", title="from", format=SHARE),
            alt.Tooltip("high:Q", title="to", format=SHARE),
            alt.Tooltip("clusters:Q"),
        ],
    )
    return finished(
        alt.layer(base.mark_bar(color=inks.line, stroke=inks.background, strokeWidth=1)),
        inks,
        height=HEIGHT,
        says="; ".join(f"{b.low:.0%} to {b.high:.0%}: {b.clusters}" for b in bins if b.clusters),
    )

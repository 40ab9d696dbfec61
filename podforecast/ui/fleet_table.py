"""The table of pods."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from podforecast.ui.palette import Scheme
from podforecast.ui.ranked_table import STATE, Look, Ranking, numbers, ranked_table
from podforecast.ui.viewmodels.fleet import PodRow
from podforecast.ui.viewmodels.fleet_query import PodName

of = st.column_config
LOOK = Look(
    key="fleet.table",
    alt="Pods, riskiest first",
    most_rows=18,
    columns={
        STATE: of.TextColumn(width=130),
        "Pod": of.TextColumn(width=220),
        "Probability": of.ProgressColumn(
            help="That a failure begins within the horizon. Empty for pods that are failing"
            " already or have too little data.",
            format="%.1f %%",
            min_value=0,
            max_value=100,
            width=150,
        ),
        "Issue": of.TextColumn(
            help="Kind of trouble that is ahead, where the pod is at risk, or likelier than not to"
            " fail.",
            width=150,
        ),
        "Trend": of.LineChartColumn(
            help="Probabilities of the latest scans, from 0 to 100 %.",
            width=90,
            y_min=0,
            y_max=100,
        ),
        "Namespace": of.TextColumn(width=95),
        "Memory": of.NumberColumn(help="Share of its limit.", format="%.0f %%", width=70),
        "CPU": of.NumberColumn(help="Share of its limit.", format="%.0f %%", width=60),
        "Restarts": of.NumberColumn(help="In 24 hours.", format="%d", width=70),
        "Last failure": of.TextColumn(width=175),
    },
)


def fleet_table(
    rows: Sequence[PodRow], scheme: Scheme, *, on_open: Callable[[PodName], None]
) -> None:
    """Draw the rows; clicking into one opens its pod."""
    ranked_table(_ranking(rows), scheme, look=LOOK, on_pick=on_open)


def _ranking(rows: Sequence[PodRow]) -> Ranking[PodName]:
    return Ranking(
        names=[row.name for row in rows],
        inks=[row.ink for row in rows],
        cells={
            STATE: [row.state_words for row in rows],
            # Second, so that a telephone shows who it is.
            "Pod": [row.name.name for row in rows],
            "Probability": numbers([row.probability_pct for row in rows]),
            "Issue": [row.issue for row in rows],
            "Trend": [list(row.trend_pct) for row in rows],
            "Namespace": [row.name.namespace for row in rows],
            "Memory": numbers([row.memory_pct for row in rows]),
            "CPU": numbers([row.cpu_pct for row in rows]),
            "Restarts": numbers([row.restarts for row in rows]),
            "Last failure": [row.last_failure for row in rows],
        },
    )

"""The table of pods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from podforecast.ui.palette import INKS, Scheme
from podforecast.ui.viewmodels.fleet import PodRow
from podforecast.ui.viewmodels.fleet_query import PodName

ROW_PIXELS = 35
MOST_ROWS = 18
"""What a screen holds; more scroll inside of the table."""
OPENED = "fleet.table.opened"
"""Counts up with each pod that was opened, so that the table forgets its selection."""
SHOWN = "fleet.table.shown"


def fleet_table(
    rows: Sequence[PodRow], scheme: Scheme, *, on_open: Callable[[PodName], None]
) -> None:
    """Draw the rows; clicking into one opens its pod.

    Which pod that is follows from the rows as they were drawn: by the time of the click, a newer
    ranking may be on its way.
    """
    key = f"fleet.table.{st.session_state.setdefault(OPENED, 0)}"
    st.session_state[SHOWN] = tuple(row.name for row in rows)

    def opened() -> None:
        picked = _picked_row(key)
        if picked is not None:
            st.session_state[OPENED] += 1
            on_open(st.session_state[SHOWN][picked])

    st.dataframe(
        _styled(rows, scheme),
        key=key,
        on_select=opened,
        selection_mode="single-cell",
        hide_index=True,
        height=ROW_PIXELS * (min(len(rows), MOST_ROWS) + 1) + 3,
        row_height=ROW_PIXELS,
        placeholder="",
        column_config=_columns(),
        alt="Pods, riskiest first",
    )


def _picked_row(key: str) -> int | None:
    cells = st.session_state[key].selection.cells
    return cells[0][0] if cells and cells[0][0] < len(st.session_state[SHOWN]) else None


def _styled(rows: Sequence[PodRow], scheme: Scheme) -> object:
    colours = [f"color: {INKS[scheme].states[row.ink]}; font-weight: 600" for row in rows]
    return _frame(rows).style.apply(lambda _: colours, subset=["State"])


def _frame(rows: Sequence[PodRow]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "State": [row.state_words for row in rows],
            "Probability": pd.Series([row.probability_pct for row in rows], dtype="Float64"),
            "Issue": [row.issue for row in rows],
            "Trend": [list(row.trend_pct) for row in rows],
            "Pod": [row.name.name for row in rows],
            "Namespace": [row.name.namespace for row in rows],
            "Memory": pd.Series([row.memory_pct for row in rows], dtype="Float64"),
            "CPU": pd.Series([row.cpu_pct for row in rows], dtype="Float64"),
            "Restarts": pd.Series([row.restarts for row in rows], dtype="Float64"),
            "Last failure": [row.last_failure for row in rows],
        }
    )


def _columns() -> dict[str, Any]:
    of = st.column_config
    return {
        "State": of.TextColumn(width=130),
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
        "Pod": of.TextColumn(width=220),
        "Namespace": of.TextColumn(width=95),
        "Memory": of.NumberColumn(help="Share of its limit.", format="%.0f %%", width=70),
        "CPU": of.NumberColumn(help="Share of its limit.", format="%.0f %%", width=60),
        "Restarts": of.NumberColumn(help="In 24 hours.", format="%d", width=70),
        "Last failure": of.TextColumn(width=175),
    }

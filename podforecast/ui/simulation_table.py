"""The table of simulated clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from podforecast.ui.palette import INKS, Scheme
from podforecast.ui.viewmodels.simulation import ClusterRow

ROW_PIXELS = 35
MOST_ROWS = 14
"""More scroll inside of the table."""
PICKED = "simulate.table.picked"
"""Counts up with each pick, so that the table forgets its selection and the address leads."""


def cluster_table(
    rows: Sequence[ClusterRow], scheme: Scheme, *, on_pick: Callable[[str], None]
) -> None:
    """Draw the rows; a click into one picks its cluster."""
    key = f"simulate.table.{st.session_state.setdefault(PICKED, 0)}"
    names = [row.name for row in rows]

    def picked() -> None:
        cells = st.session_state[key].selection.cells
        if cells and cells[0][0] < len(names):
            st.session_state[PICKED] += 1
            on_pick(names[cells[0][0]])

    st.dataframe(
        _styled(rows, scheme),
        key=key,
        on_select=picked,
        selection_mode="single-cell",
        hide_index=True,
        height=ROW_PIXELS * (min(len(rows), MOST_ROWS) + 1) + 3,
        row_height=ROW_PIXELS,
        placeholder="",
        column_config=_columns(),
        alt="Simulated clusters, riskiest first",
    )


def _styled(rows: Sequence[ClusterRow], scheme: Scheme) -> object:
    colours = [f"color: {INKS[scheme].states[row.ink]}; font-weight: 600" for row in rows]
    return _frame(rows).style.apply(lambda _: colours, subset=["State"])


def _frame(rows: Sequence[ClusterRow]) -> pd.DataFrame:
    def numbers(values: list[float | None]) -> pd.Series[float]:
        return pd.Series(values, dtype="Float64")

    return pd.DataFrame(
        {
            "State": [row.state_words for row in rows],
            "Probability": numbers([row.probability_pct for row in rows]),
            "Cluster": [row.name for row in rows],
            "Issue": [row.issue for row in rows],
            "CPU": numbers([row.cpu_pct for row in rows]),
            "Memory": numbers([row.memory_pct for row in rows]),
            "Errors": numbers([row.error_pct for row in rows]),
            "Latency": numbers([row.latency_ms for row in rows]),
        }
    )


def _columns() -> dict[str, Any]:
    of = st.column_config
    return {
        "State": of.TextColumn(width=118),
        "Probability": of.ProgressColumn(
            help="That a failure of any pod begins within the horizon, pods taken as independent."
            " 100 % where one is failing already.",
            format="%.1f %%",
            min_value=0,
            max_value=100,
            width=100,
        ),
        "Cluster": of.TextColumn(width=97),
        "Issue": of.TextColumn(
            help="Of the pod that leads; empty where the cluster is stable.", width=150
        ),
        "CPU": of.NumberColumn(help="Busy share of the nodes' CPU.", format="%.0f %%", width=48),
        "Memory": of.NumberColumn(
            help="Used share of the nodes' memory.", format="%.0f %%", width=62
        ),
        "Errors": of.NumberColumn(help="Share of answers: 5xx.", format="%.1f %%", width=58),
        "Latency": of.NumberColumn(
            help="95th percentile of the slowest pod.", format="%.0f ms", width=68
        ),
    }

"""The table of simulated clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from podforecast.ui.palette import Scheme
from podforecast.ui.ranked_table import STATE, Look, Ranking, numbers, ranked_table
from podforecast.ui.viewmodels.simulation import ClusterRow

of = st.column_config
LOOK = Look(
    key="simulate.table",
    alt="Simulated clusters, riskiest first",
    most_rows=14,
    columns={
        STATE: of.TextColumn(width=118),
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
    },
)


def cluster_table(
    rows: Sequence[ClusterRow], scheme: Scheme, *, on_pick: Callable[[str], None]
) -> None:
    """Draw the rows; a click into one picks its cluster."""
    ranked_table(_ranking(rows), scheme, look=LOOK, on_pick=on_pick)


def _ranking(rows: Sequence[ClusterRow]) -> Ranking[str]:
    return Ranking(
        names=[row.name for row in rows],
        inks=[row.ink for row in rows],
        cells={
            STATE: [row.state_words for row in rows],
            "Probability": numbers([row.probability_pct for row in rows]),
            "Cluster": [row.name for row in rows],
            "Issue": [row.issue for row in rows],
            "CPU": numbers([row.cpu_pct for row in rows]),
            "Memory": numbers([row.memory_pct for row in rows]),
            "Errors": numbers([row.error_pct for row in rows]),
            "Latency": numbers([row.latency_ms for row in rows]),
        },
    )

"""A table of what was forecast, riskiest first, whose rows are picked by a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pandas as pd
import streamlit as st

from podforecast.ui.palette import INKS, Ink, Scheme

ROW_PIXELS = 35
STATE = "State"
"""The column that has the colour of its row."""

Name = TypeVar("Name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a table is drawn, whatever is in it."""

    key: str
    """Of its state in the session."""
    alt: str
    columns: Mapping[str, Any]
    """Streamlit's configuration of each."""
    most_rows: int
    """More scroll inside of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking(Generic[Name]):
    """What is in a table; one entry each per row."""

    names: Sequence[Name]
    inks: Sequence[Ink]
    cells: Mapping[str, object]
    """Values by column, from left to right."""


def ranked_table(
    ranking: Ranking[Name], scheme: Scheme, *, look: Look, on_pick: Callable[[Name], None]
) -> None:
    """Draw the rows; a click into one picks its name.

    Which name that is follows from the rows as they were drawn: by the time of the click, a newer
    ranking may be on its way. With each pick the table forgets its selection, so that the address
    leads.
    """
    session, shown, picks = st.session_state, f"{look.key}.shown", f"{look.key}.picks"
    key = f"{look.key}.{session.setdefault(picks, 0)}"
    session[shown] = tuple(ranking.names)

    def picked() -> None:
        cells = session[key].selection.cells
        if cells and cells[0][0] < len(session[shown]):
            session[picks] += 1
            on_pick(session[shown][cells[0][0]])

    colours = [f"color: {INKS[scheme].states[ink]}; font-weight: 600" for ink in ranking.inks]
    st.dataframe(
        pd.DataFrame(dict(ranking.cells)).style.apply(lambda _: colours, subset=[STATE]),
        key=key,
        on_select=picked,
        selection_mode="single-cell",
        hide_index=True,
        height=ROW_PIXELS * (min(len(colours), look.most_rows) + 1) + 3,
        row_height=ROW_PIXELS,
        placeholder="",
        column_config=dict(look.columns),
        alt=look.alt,
    )


def numbers(values: list[float | None]) -> pd.Series[float]:
    """Make a column of numbers, some of which may be unknown."""
    return pd.Series(values, dtype="Float64")

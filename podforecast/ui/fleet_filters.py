"""What narrows the fleet down: counters to press, fields to fill in, pages to turn."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from podforecast.api_schema.fleet import FleetOut, StateCounts
from podforecast.ui.viewmodels.fleet import counters, paging
from podforecast.ui.viewmodels.fleet_query import ISSUES, LONGEST_TEXT, FleetQuery, PodName
from podforecast.ui.viewmodels.outlook import issue_in_words

NAMESPACE, TEXT, PROBABILITY, OPEN = (
    "fleet.namespace",
    "fleet.text",
    "fleet.min_probability",
    "fleet.open",
)
ISSUE = "fleet.issue_type"
EVERYWHERE = "All"
NO_FILTERS = {
    "namespace": None,
    "state": None,
    "issue": None,
    "text": "",
    "min_probability": 0.0,
}
STEP_PCT = 5


class Change(Protocol):
    """Sets fields of the query."""

    def __call__(self, **changes: object) -> None: ...


class Open(Protocol):
    """Opens a pod."""

    def __call__(self, name: PodName) -> None: ...


def counter_row(counts: StateCounts, query: FleetQuery, change: Change, *, disabled: bool) -> None:
    """Show how many pods are in each state; a press shows only these, another all."""
    views = counters(counts, query.state)
    with st.container(key="fleet-counters"):
        for column, view in zip(st.columns(len(views)), views, strict=True):
            column.button(
                view.label,
                key=f"fleet.state.{view.state}",
                help=view.help,
                type="primary" if view.chosen else "secondary",
                on_click=change,
                kwargs={"state": None if view.chosen else view.state},
                disabled=disabled,
                width="stretch",
            )


def filter_row(
    fleet: FleetOut, query: FleetQuery, change: Change, *, on_open: Open, disabled: bool
) -> None:
    """Show the fields as the query has them, and pass on what is changed."""
    session = st.session_state
    _show(NAMESPACE, query.namespace or EVERYWHERE)
    _show(TEXT, query.text)
    _show(ISSUE, query.issue)
    _show(PROBABILITY, round(100 * query.min_probability))
    text, namespace, issue, probability, pod = st.columns(
        [3, 2, 2, 3, 3], vertical_alignment="bottom"
    )
    text.text_input(
        "Name contains",
        key=TEXT,
        type="search",
        max_chars=LONGEST_TEXT,
        placeholder="part of namespace/name",
        on_change=lambda: change(text=session[TEXT]),
        disabled=disabled,
    )
    known = {EVERYWHERE: None} | dict.fromkeys([*fleet.namespaces, query.namespace or EVERYWHERE])
    namespace.selectbox(
        "Namespace",
        list(known),
        key=NAMESPACE,
        on_change=lambda: change(
            namespace=None if session[NAMESPACE] == EVERYWHERE else session[NAMESPACE]
        ),
        disabled=disabled,
    )
    issue.selectbox(
        "Issue",
        (None, *ISSUES),
        key=ISSUE,
        format_func=lambda kind: EVERYWHERE if kind is None else issue_in_words(kind),
        placeholder=EVERYWHERE,
        help="Kind of trouble that is ahead.",
        on_change=lambda: change(issue=session[ISSUE]),
        disabled=disabled,
    )
    probability.slider(
        "Probability at least",
        0,
        100,
        step=STEP_PCT,
        format="%d %%",
        key=PROBABILITY,
        help="Above 0 this leaves out pods without a probability: those that are failing already"
        " or have too little data.",
        on_change=lambda: change(min_probability=session[PROBABILITY] / 100),
        disabled=disabled,
    )
    names = [PodName(one.namespace, one.name) for one in fleet.pods]
    pod.selectbox(
        "Open a pod",
        names,
        index=None,
        key=OPEN,
        placeholder="by name, or click a row",
        on_change=lambda: on_open(session[OPEN]) if session[OPEN] else None,
    )


def _show(key: str, value: object) -> None:
    # Only what differs: setting a field again would undo what is being typed into it.
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def paging_row(fleet: FleetOut, query: FleetQuery, change: Change, *, disabled: bool) -> None:
    """Say which pods are shown, turn pages, clear filters."""
    view = paging(fleet, query)
    words, clear, back, forward = st.columns([4, 2, 1.5, 1.2], vertical_alignment="center")
    words.markdown(view.words)
    if query.is_filtered:
        clear.button(
            "Clear filters",
            key="fleet.clear",
            icon=":material/filter_alt_off:",
            on_click=change,
            kwargs=NO_FILTERS,
            disabled=disabled,
            width="stretch",
        )
    for column, icon, word, page in (
        (back, "chevron_left", "Previous", query.page - 1),
        (forward, "chevron_right", "Next", query.page + 1),
    ):
        if view.last_page > 1 or query.page > 1:
            column.button(
                word,
                key=f"fleet.page.{word}",
                icon=f":material/{icon}:",
                on_click=change,
                kwargs={"page": min(page, view.last_page)},
                disabled=disabled or not 1 <= min(page, view.last_page) != query.page,
                width="stretch",
            )

"""All pods, riskiest first.

1. See where the data is from, how old it is, and how many pods are in which state.
2. Narrow the table down: by state, namespace, name or probability. The address of the page keeps
   all of it, so a link shows the same to somebody else.
3. Click on a pod to see its story (the module ``pod``), and come back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from podforecast.api_schema.fleet import FleetOut
from podforecast.ui.fleet_filters import counter_row, filter_row, paging_row
from podforecast.ui.fleet_table import fleet_table
from podforecast.ui.kept import Shelf
from podforecast.ui.notices import notice, source_line, trouble
from podforecast.ui.outcomes import Service, Unreachable
from podforecast.ui.pages import pod
from podforecast.ui.palette import scheme_of
from podforecast.ui.viewmodels.fleet import nothing_to_show, pod_rows, promise, started_over
from podforecast.ui.viewmodels.fleet_query import (
    FleetQuery,
    PodName,
    as_address,
    as_filters,
    read_address,
)
from podforecast.ui.viewmodels.snapshot import Sight, Snapshot
from podforecast.ui.visits import arrives_from_elsewhere

URL_PATH = "fleet"
REFRESH_SECONDS = 3
ADDRESS, QUERY, REMARKS = "fleet.address", "fleet.query", "fleet.remarks"
SNAPSHOT, REFRESHES = "fleet.snapshot", "fleet.refreshes"

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def render(service: Service, *, now: Clock = _utc_now) -> None:
    refreshes = st.sidebar.toggle(
        "Refresh by itself",
        value=True,
        key=REFRESHES,
        persist_state="session",
        help=f"Asks for the latest scan every {REFRESH_SECONDS} seconds.",
    )
    _read_address()
    # A fragment runs again alone: filters and refreshes leave the rest of the page as it is.
    st.fragment(_live, run_every=REFRESH_SECONDS if refreshes else None)(service, now)


def _read_address() -> None:
    """Take over the filters of a link, or of the browser's back button."""
    session, params = st.session_state, dict(st.query_params)
    if params == session.get(ADDRESS):
        return
    if not params and QUERY in session and arrives_from_elsewhere():
        session[QUERY] = replace(session[QUERY], pod=None)
    else:
        session[QUERY], session[REMARKS] = read_address(params)


def _live(service: Service, now: Clock) -> None:
    query: FleetQuery = st.session_state.setdefault(QUERY, FleetQuery())
    if query.pod is None or not pod.show(service, query.pod, now=now, on_close=_close):
        if query.pod is not None:
            st.session_state[REMARKS] = (f"{query.pod} is not in the latest scan.",)
            _close()
        _fleet(service, st.session_state[QUERY], now)
    _write_address(st.session_state[QUERY])


def _write_address(query: FleetQuery) -> None:
    address = as_address(query)
    if dict(st.query_params) != address:
        st.query_params.from_dict(address)
    st.session_state[ADDRESS] = address


def _fleet(service: Service, query: FleetQuery, now: Clock) -> None:
    st.title("Which pods will fail next?", anchor=False)
    sight = _look(service, query, now)
    if sight.trouble is not None:
        trouble(sight, now())
    for remark in st.session_state.get(REMARKS, ()):
        st.warning(f"Left out: {remark}" if " = " in remark else remark)
    if sight.snapshot is not None:
        _scan(sight.snapshot, query, now(), disabled=isinstance(sight.trouble, Unreachable))


def _look(service: Service, query: FleetQuery, now: Clock) -> Sight[FleetOut]:
    shelf = Shelf(SNAPSHOT, (service.address,))
    before = shelf.snapshot
    # Only at first: a spinner with every refresh would make the page flicker.
    with nullcontext() if before else st.spinner("Asking the service …"):
        outcome = service.pods(as_filters(query))
    sight = shelf.take(outcome, now=now())
    if before and sight.snapshot and started_over(before.answer, sight.snapshot.answer):
        st.toast("The replay started over.", icon=":material/replay:")
    return sight


def _scan(snapshot: Snapshot[FleetOut], query: FleetQuery, at: datetime, *, disabled: bool) -> None:
    fleet = snapshot.answer
    source_line(fleet.source, snapshot.at, at)
    if fleet.source.scanned_at is None:
        return
    counter_row(fleet.counts, query, _change, disabled=disabled)
    filter_row(fleet, query, _change, on_open=_open, disabled=disabled)
    empty = nothing_to_show(fleet, query)
    if empty is None:
        scheme = scheme_of(st.context.theme.type)
        fleet_table(pod_rows(fleet), scheme, on_open=_open)
    else:
        notice(empty)
    paging_row(fleet, query, _change, disabled=disabled)
    st.caption(promise(fleet))


def _change(**changes: Any) -> None:  # noqa: ANN401 - fields of FleetQuery
    st.session_state[REMARKS] = ()
    st.session_state[QUERY] = replace(st.session_state[QUERY], **{"page": 1, **changes})


def _open(name: PodName) -> None:
    _change(pod=name, page=st.session_state[QUERY].page)


def _close() -> None:
    st.session_state[QUERY] = replace(st.session_state[QUERY], pod=None)

"""Clusters to order, to see how forecasts look where nothing has to break for it.

1. Choose how many, and a seed to have the same ones again; or follow a link, which has both.
2. See how many are heading for which kind of trouble, and the clusters, riskiest first.
3. Click on one, or choose it by name: why, what to do, and what was really simulated.
"""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from podforecast.api_schema.simulate import SimulationOut
from podforecast.ui.cluster_panel import cluster_panel
from podforecast.ui.kept import Shelf
from podforecast.ui.notices import trouble
from podforecast.ui.outcomes import Service
from podforecast.ui.palette import scheme_of
from podforecast.ui.simulation_charts import issues_chart, probabilities_chart
from podforecast.ui.simulation_table import cluster_table
from podforecast.ui.viewmodels.simulation import (
    HONEST,
    HOW,
    cluster_rows,
    cluster_view,
    ranked,
    summary,
)
from podforecast.ui.viewmodels.simulation_order import (
    MAX_SEED,
    MOST_CLUSTERS,
    USUAL_COUNT,
    Order,
    Visit,
    as_address,
    read_address,
)
from podforecast.ui.viewmodels.snapshot import Sight
from podforecast.ui.visits import arrives_from_elsewhere

URL_PATH = "simulate"
ADDRESS, VISIT, ANSWER = (
    "simulate.address",
    "simulate.visit",
    "simulate.answer",
)
COUNT, SEED, CLUSTER = "simulate.count", "simulate.seed", "simulate.cluster"
NOTHING = Visit(order=None, cluster=None, complaints=())


def render(service: Service) -> None:
    st.title("Which simulated clusters will fail next?", anchor=False)
    st.info(f"**Simulated.** {HONEST}", icon=":material/science:")
    _read_address()
    _order_row()
    for complaint in _visit().complaints:
        st.warning(f"Left out: {complaint}", icon=":material/warning:")
    order = _visit().order
    if order is None:
        st.markdown("Order some clusters, and they will be here, riskiest first.")
    else:
        _sight(_ordered(service, order))
    with st.expander("How clusters are simulated"):
        st.markdown(HOW)
    _write_address()


def _visit() -> Visit:
    visit: Visit = st.session_state.setdefault(VISIT, NOTHING)
    return visit


def _go(visit: Visit) -> None:
    st.session_state[VISIT] = visit


def _read_address() -> None:
    """Take over a link, or the browser's back button."""
    session, params = st.session_state, dict(st.query_params)
    if params == session.get(ADDRESS):
        return
    if not params and VISIT in session and arrives_from_elsewhere():
        return
    _go(read_address(params))
    order = _visit().order
    session[COUNT] = order.count if order else USUAL_COUNT
    session[SEED] = order.seed if order else None


def _write_address() -> None:
    visit = _visit()
    address = as_address(visit.order, visit.cluster)
    if dict(st.query_params) != address:
        st.query_params.from_dict(address)
    st.session_state[ADDRESS] = address


def _order_row() -> None:
    session = st.session_state
    session.setdefault(COUNT, USUAL_COUNT)
    session.setdefault(SEED, None)
    with st.form("simulate.form", border=False):
        count, seed, button, _ = st.columns([2, 2, 2, 6], vertical_alignment="bottom")
        count.number_input(
            "Clusters", 1, MOST_CLUSTERS, key=COUNT, help="A thousand take a few seconds."
        )
        seed.number_input(
            "Seed",
            0,
            MAX_SEED,
            key=SEED,
            placeholder="drawn",
            help="The same seed and number give the same clusters again.",
        )
        button.form_submit_button("Order", type="primary", on_click=_order, width="stretch")


def _order() -> None:
    session = st.session_state
    session.pop(ANSWER, None)
    _go(Visit(order=Order(count=session[COUNT], seed=session[SEED]), cluster=None, complaints=()))


def _ordered(service: Service, order: Order) -> Sight[SimulationOut]:
    """Ask once for each order; what was answered stays while clusters are looked at."""
    shelf = Shelf(ANSWER, (service.address, str(order)))
    if shelf.snapshot is not None:
        return Sight(shelf.snapshot, None)
    with st.spinner(f"Simulating {order.count:,} clusters …"):
        outcome = service.simulate(order.count, order.seed)
    sight = shelf.take(outcome, now=datetime.now(UTC))
    if sight.snapshot is not None and order.seed is None:
        # From now on the address repeats what was drawn.
        drawn = Order(count=order.count, seed=sight.snapshot.answer.seed)
        _go(Visit(order=drawn, cluster=None, complaints=_visit().complaints))
        Shelf(ANSWER, (service.address, str(drawn))).take(outcome, now=sight.snapshot.at)
    return sight


def _sight(sight: Sight[SimulationOut]) -> None:
    if sight.snapshot is None:
        trouble(sight, datetime.now(UTC))
        st.button("Try again", icon=":material/refresh:", key="simulate.again")
        return
    _clusters(sight.snapshot.answer)


def _clusters(simulation: SimulationOut) -> None:
    scheme = scheme_of(st.context.theme.type)
    view, clusters = summary(simulation), ranked(simulation)
    st.markdown(f"**{view.headline}**")
    left, right = st.columns(2, gap="large")
    with left:
        st.altair_chart(issues_chart(view.issues, scheme), theme=None, width="stretch")
        st.caption(view.issues_sentence)
    with right:
        st.altair_chart(probabilities_chart(view.bins, scheme), theme=None, width="stretch")
        st.caption(view.bins_sentence)
    table, panel = st.columns([13, 6], gap="medium")
    with table:
        rows = cluster_rows(clusters, simulation.watch_threshold)
        cluster_table(rows, scheme, on_pick=_pick)
        st.caption(f"Model {simulation.model_version}")
    with panel:
        names = [cluster.cluster_id for cluster in clusters]
        chosen = _chosen(names)
        cluster_panel(cluster_view(clusters[names.index(chosen)], simulation))


def _chosen(names: list[str]) -> str:
    """The cluster that the address names, else the riskiest; a field chooses without a mouse."""
    asked = _visit().cluster
    if asked is not None and asked not in names:
        st.warning(f"{asked} is none of these clusters.", icon=":material/warning:")
    st.session_state[CLUSTER] = asked if asked in names else names[0]
    chosen: str = st.selectbox(
        "Look at", names, key=CLUSTER, on_change=lambda: _pick(st.session_state[CLUSTER])
    )
    return chosen


def _pick(name: str) -> None:
    visit = _visit()
    _go(Visit(order=visit.order, cluster=name, complaints=()))

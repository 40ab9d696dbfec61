"""One pod of the fleet.

1. See its forecast, or why it has none.
2. See on one time axis what was measured, what was forecast and what happened.
3. Read why, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Literal

import streamlit as st

from podforecast.api_schema.fleet import PodDetailOut
from podforecast.ui.explanation_panel import what_to_do, why
from podforecast.ui.kept import Shelf
from podforecast.ui.notices import source_line, trouble
from podforecast.ui.outcomes import Declined, Service
from podforecast.ui.outlook_panel import what_to_expect
from podforecast.ui.palette import scheme_of
from podforecast.ui.pod_card import pod_card
from podforecast.ui.timeline_chart import timeline_chart
from podforecast.ui.viewmodels.fleet_query import PodName
from podforecast.ui.viewmodels.pod import chronicle, pod_view
from podforecast.ui.viewmodels.timeline import timeline_view

SNAPSHOT = "fleet.pod_snapshot"
LEGEND = (
    "✖ and a red line: the pod failed. Shaded orange: it was at risk. Shaded red: it was down or"
    " backing off. Dashed: threshold and limits. Point at a time to read the values."
)


CHRONICLE_LINES, CHRONICLE_PIXELS = 7, 420
"""More lines scroll, so that the reasons stay near."""


def show(
    service: Service,
    name: PodName,
    *,
    now: Callable[[], datetime],
    on_close: Callable[[], None],
) -> bool:
    """Draw the pod; False where there is no such pod any more, and then nothing is drawn."""
    outcome = service.pod(name.namespace, name.name)
    if isinstance(outcome, Declined) and outcome.problem.status == HTTPStatus.NOT_FOUND:
        return False
    sight = Shelf(SNAPSHOT, (service.address, str(name))).take(outcome, now=now())
    st.button(
        "All pods",
        key="fleet.back",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=on_close,
    )
    st.title(str(name), anchor=False)
    trouble(sight, now())
    if sight.snapshot is not None:
        source_line(sight.snapshot.answer.source, sight.snapshot.at, now())
        _pod(sight.snapshot.answer)
    return True


def _pod(detail: PodDetailOut) -> None:
    view = pod_view(detail)
    words, chart = st.columns([4, 9], gap="medium")
    with words:
        st.markdown(pod_card(view), unsafe_allow_html=True)
        st.caption(view.facts)
        what_to_expect(detail.issue_type, detail.pod_status, side_by_side=False)
        _chronicle(detail)
    with chart:
        _chart(detail)
    reasons, remedies = st.columns(2, gap="large")
    if detail.explanation is not None:
        with reasons:
            why(detail.explanation)
    if detail.recommendations:
        with remedies:
            what_to_do(detail.recommendations)


def _chart(detail: PodDetailOut) -> None:
    view = timeline_view(detail)
    if view is None:
        st.info("There is no timeline yet: it takes two scans.")
        return
    # The key gives it room at the right for the axis labels that Streamlit forgets, see style.
    with st.container(key="fleet-timeline"):
        st.vega_lite_chart(
            timeline_chart(view, scheme_of(st.context.theme.type)),
            theme=None,
            alt=view.summary,
            key="fleet.timeline",
            width="stretch",
        )
    st.caption(LEGEND)


def _chronicle(detail: PodDetailOut) -> None:
    st.markdown("#### What happened")
    entries = chronicle(detail)
    if not entries:
        st.markdown("No failure and no alarm since the timeline begins.")
        return
    lines = [f"| {entry.when} | {entry.what}, {entry.then} |" for entry in entries]
    is_long = len(lines) > CHRONICLE_LINES
    height: int | Literal["content"] = CHRONICLE_PIXELS if is_long else "content"
    with st.container(key="fleet-chronicle", height=height, border=False):
        st.markdown("\n".join(["| Time (UTC) | Event |", "|---|---|", *lines]))

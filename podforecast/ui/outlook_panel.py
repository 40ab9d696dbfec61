"""Kind of trouble and status to expect, on whichever page the pod is."""

from __future__ import annotations

import streamlit as st

from podforecast.api_schema.targets import IssueTypeOut, PodStatusOut
from podforecast.ui.viewmodels.outlook import OutlookView, issue_view, status_view


def what_to_expect(
    issue: IssueTypeOut | None, status: PodStatusOut | None, *, side_by_side: bool
) -> None:
    """Show what there is; nothing for a model that forecasts neither."""
    views = [] if issue is None else [issue_view(issue)]
    views += [] if status is None else [status_view(status)]
    if not views:
        return
    places = st.columns(len(views)) if side_by_side else [st.container() for _ in views]
    for place, view in zip(places, views, strict=True):
        with place:
            _panel(view)


def _panel(view: OutlookView) -> None:
    # Names of statuses and kinds are ours: nothing in them has to be escaped.
    st.markdown(f"#### {view.title}\n**{view.headline}**  \n{view.sentence}")
    if view.shares:
        st.caption(" · ".join(view.shares))

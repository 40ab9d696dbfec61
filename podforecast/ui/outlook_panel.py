"""Kind of trouble and status to expect, side by side, on whichever page the pod is."""

from __future__ import annotations

import streamlit as st

from podforecast.api_schema.targets import IssueTypeOut, PodStatusOut
from podforecast.ui.viewmodels.outlook import OutlookView, issue_view, status_view


def what_to_expect(issue: IssueTypeOut | None, status: PodStatusOut | None) -> None:
    """Show what there is; nothing for a model that forecasts neither."""
    views = [] if issue is None else [issue_view(issue)]
    views += [] if status is None else [status_view(status)]
    if not views:
        return
    for column, view in zip(st.columns(len(views)), views, strict=True):
        with column:
            _panel(view)


def _panel(view: OutlookView) -> None:
    # Names of statuses and kinds are ours: nothing in them has to be escaped.
    st.markdown(f"#### {view.title}\n**{view.headline}**  \n{view.sentence}")
    if view.shares:
        st.caption(" · ".join(view.shares))

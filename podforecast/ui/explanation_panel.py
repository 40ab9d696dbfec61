"""Why, and what to do: for a forecast of one pod, on whichever page it is."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from podforecast.api_schema.explanation import ExplanationOut, RecommendationOut
from podforecast.ui.cards import why_list
from podforecast.ui.palette import scheme_of
from podforecast.ui.viewmodels.explanation import Query, RemedyView, remedy_views, why_view

HOW_TO_READ = (
    "How far each measurement multiplies or divides the odds of a failure, against a typical pod."
    " It is what the model goes by, not proof of a cause."
)


def why(explanation: ExplanationOut) -> None:
    """List the reasons, the largest first."""
    st.markdown("#### Why", help=HOW_TO_READ)
    view, scheme = why_view(explanation), scheme_of(st.context.theme.type)
    st.markdown(why_list(view, scheme), unsafe_allow_html=True)
    if view.queries:
        with st.expander("Check it in Prometheus"):
            _queries(view.queries)


def _queries(queries: Sequence[Query]) -> None:
    for query in queries:
        st.text(query.title)
        st.code(query.promql, language=None)


def what_to_do(recommendations: Sequence[RecommendationOut]) -> None:
    """Show the weightiest remedy open and the others folded; nothing is carried out."""
    if not recommendations:
        return
    st.markdown("#### What to do")
    first, *others = remedy_views(recommendations)
    remedy(first)
    for view in others:
        with st.expander(view.title):
            st.markdown(view.description)
            _actions(view)


def remedy(view: RemedyView) -> None:
    """Show one remedy open."""
    st.markdown(f"**{view.title}**  \n{view.description}")
    _actions(view)


def _actions(view: RemedyView) -> None:
    for action in view.actions:
        if action.is_command:
            st.code(action.text, language=None, wrap_lines=True)
        else:
            st.markdown(f"- {action.text}")
    if view.more:
        st.caption(f"Runbook: `{view.more}`")

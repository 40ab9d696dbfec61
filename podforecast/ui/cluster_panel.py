"""One simulated cluster: what the model says, what to do, and what was simulated."""

from __future__ import annotations

from html import escape

import streamlit as st

from podforecast.ui.cards import share_bar
from podforecast.ui.explanation_panel import remedy
from podforecast.ui.palette import INKS
from podforecast.ui.viewmodels.simulation import ClusterView

NOWHERE = "The cluster does not exist, so commands about it find nothing."


def cluster_panel(view: ClusterView) -> None:
    """Draw the cluster that is looked at."""
    st.markdown(cluster_card(view), unsafe_allow_html=True)
    st.markdown("#### What to do")
    remedy(view.remedy)
    if view.remedy.actions:
        st.caption(NOWHERE)
    st.markdown("#### Why")
    st.markdown(view.leader + "".join(f"\n- {reason}" for reason in view.reasons))
    st.markdown("#### What was simulated")
    st.markdown(view.truth)
    st.caption(view.facts)


def cluster_card(view: ClusterView) -> str:
    """Draw the forecast: its state as colour, symbol and word, and a bar."""
    # White text needs the darker of the two sets, whatever the page's background.
    colour = INKS["light"].states[view.ink]
    bar = "" if view.share is None else share_bar(view.share)
    return (
        f'<div style="background:{colour};color:#fff;border-radius:.6rem;'
        'padding:.9rem 1.25rem;margin-bottom:.6rem">'
        f'<div style="font-size:1.05rem;font-weight:600">{escape(view.headline)}</div>'
        '<div style="display:flex;align-items:center;gap:.8rem;margin:.15rem 0 .4rem">'
        '<span style="font-size:2.1rem;font-weight:700;line-height:1.2;white-space:nowrap">'
        f"{escape(view.number)}</span>"
        f'<span style="line-height:1.3">{escape(view.sentence)}</span></div>{bar}</div>'
    )

"""Whether the visitor comes from another page, which the address of a page does not say."""

from __future__ import annotations

import streamlit as st

CURRENT, ARRIVES = "dashboard.current", "dashboard.arrives"


def note_visit(url_path: str) -> None:
    """Remember the page that is about to be drawn. It may be left before it is complete."""
    st.session_state[ARRIVES] = st.session_state.get(CURRENT) not in (None, url_path)
    st.session_state[CURRENT] = url_path


def arrives_from_elsewhere() -> bool:
    """Whether the page was another one until now."""
    return bool(st.session_state.get(ARRIVES, False))

"""Which page was shown before, which the address of a page does not say."""

from __future__ import annotations

import streamlit as st

LAST_SHOWN = "dashboard.last_shown"


def note_visit(url_path: str) -> None:
    """Remember a page that was drawn to its end."""
    st.session_state[LAST_SHOWN] = url_path


def arrives_from_elsewhere(url_path: str) -> bool:
    """Whether the visitor was on another page until now."""
    return st.session_state.get(LAST_SHOWN) not in (None, url_path)

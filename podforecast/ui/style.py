"""The few things about the look that Streamlit's theme has no setting for."""

from __future__ import annotations

import streamlit as st

CSS = """
.stMainBlockContainer { padding: 2.6rem 2.5rem 3rem; max-width: 100rem; }
/* Refreshes come every few seconds; the age of the data says more than a page that fades. */
[data-stale="true"] { opacity: 1 !important; }
.st-key-fleet-chronicle table { font-size: .9rem; }
.st-key-fleet-chronicle td:first-child { width: 6.2rem; }
/* Streamlit makes the panels as wide as their place, without their axis (AXIS_WIDTH). */
.st-key-fleet-back { margin-bottom: -1.6rem; }
.st-key-fleet-timeline { padding-right: 60px; }
.st-key-fleet-counters button p { font-size: 1.05rem; }
.st-key-fleet-counters button p strong { font-size: 1.45rem; padding: 0 .2rem; }
"""
FAVICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#2b5c8a"/>
<path d="M4 19h6l4-11 5 16 3-8h6" fill="none" stroke="#fff" stroke-width="3"
 stroke-linecap="round" stroke-linejoin="round"/></svg>"""


def apply_style() -> None:
    """Add the style sheet to the page."""
    st.html(f"<style>{CSS}</style>")

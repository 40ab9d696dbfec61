"""Which service the pages talk to, and whether it answers."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from podforecast.ui.outcomes import Service
from podforecast.ui.viewmodels.connection import ConnectionView, Tone, connection_view

CHECK_EVERY_SECONDS = 10
"""Soon enough to notice a restart, seldom enough not to fill the service's log."""

Connect = Callable[[str], Service]


def choose_service(connect: Connect, *, address: str) -> Service:
    """Ask for the address, starting with ``address``; kept while pages come and go."""
    with st.sidebar:
        chosen = st.text_input(
            "Service address", value=address, key="service.address", persist_state="session"
        )
    return connect(chosen)


@st.fragment(run_every=CHECK_EVERY_SECONDS)
def watch_connection(service: Service) -> None:
    """Say whether the service answers. Call it after the page: the check may take its time."""
    _place(connection_view(service.connection()))


def _place(view: ConnectionView) -> None:
    tones: dict[Tone, Callable[..., object]] = {
        "good": st.success,
        "warning": st.warning,
        "bad": st.error,
    }
    icons: dict[Tone, str] = {
        "good": ":material/check_circle:",
        "warning": ":material/hourglass_empty:",
        "bad": ":material/cloud_off:",
    }
    tones[view.tone](f"**{view.headline}**  \n{view.detail}", icon=icons[view.tone])

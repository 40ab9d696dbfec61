"""Puts the dashboard together: the table of its pages, and the client they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
import streamlit as st
from pydantic import SecretStr

from podforecast.ui.client import ServiceClient, completed
from podforecast.ui.outcomes import Service
from podforecast.ui.pages import fleet, model, predict, simulate
from podforecast.ui.sidebar import Connect, choose_service, watch_connection
from podforecast.ui.style import FAVICON, apply_style
from podforecast.ui.visits import note_visit


@dataclass(frozen=True, slots=True)
class Page:
    """One page: how the navigation shows it, and what draws it."""

    title: str
    icon: str
    url_path: str
    render: Callable[[Service], None]


PAGES = (
    Page("Predict", ":material/online_prediction:", "", predict.render),
    Page("Fleet", ":material/grid_view:", fleet.URL_PATH, fleet.render),
    Page("Model", ":material/monitoring:", "model", model.render),
    Page("Simulate", ":material/science:", simulate.URL_PATH, simulate.render),
)
"""In the order of the navigation. The first is where a visitor arrives, so it has no path."""

CONNECT_SECONDS = 2.0
"""A service that does not even accept a connection in this time is down, not slow."""


def run(*, address: str, timeout: timedelta, api_key: SecretStr) -> None:
    """Draw the page that the browser asks for; Streamlit calls this on every interaction."""

    def connect(chosen: str) -> Service:
        key = key_for(chosen, address=address, api_key=api_key)
        return ServiceClient(chosen, http=_http(timeout.total_seconds()), api_key=key)

    st.set_page_config(page_title="podforecast", page_icon=FAVICON, layout="wide")
    draw(connect, address=address)


def key_for(chosen: str, *, address: str, api_key: SecretStr) -> str:
    """Return the key for the service it belongs to, and none for what else a visitor types in.

    >>> key_for("localhost:8000", address="http://localhost:8000/", api_key=SecretStr("secret"))
    'secret'
    >>> key_for("localhost:8001", address="http://localhost:8000/", api_key=SecretStr("secret"))
    ''
    """
    return api_key.get_secret_value() if completed(chosen) == completed(address) else ""


def draw(connect: Connect, *, address: str) -> None:
    """Draw the frame and the page; the check of the connection comes last, as it may be slow."""
    apply_style()
    service = choose_service(connect, address=address)
    chosen = st.navigation([_streamlit_page(page, service) for page in PAGES])
    chosen.run()
    with st.sidebar:
        watch_connection(service)


def _streamlit_page(page: Page, service: Service) -> st.Page:
    def draw() -> None:
        note_visit(page.url_path)
        page.render(service)

    return st.Page(
        draw,
        title=page.title,
        icon=page.icon,
        url_path=page.url_path,
        default=page is PAGES[0],
    )


@st.cache_resource
def _http(timeout_seconds: float) -> httpx.Client:
    """Keep connections open between runs and between visitors."""
    patience = httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds))
    return httpx.Client(timeout=patience)

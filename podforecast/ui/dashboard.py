"""Puts the dashboard together: its pages, and the client they share."""

from __future__ import annotations

from datetime import timedelta

import httpx
import streamlit as st

from podforecast.ui.client import ServiceClient
from podforecast.ui.outcomes import Service
from podforecast.ui.pages import predict


def run(*, address: str, timeout: timedelta) -> None:
    """Draw the page that the browser asks for; Streamlit calls this on every interaction."""

    def connect(chosen: str) -> Service:
        return ServiceClient(chosen, http=_http(timeout.total_seconds()))

    def predict_page() -> None:
        predict.render(connect, address=address)

    st.set_page_config(page_title="podforecast", layout="wide")
    st.navigation([st.Page(predict_page, title="Predict", url_path="predict", default=True)]).run()


@st.cache_resource
def _http(timeout_seconds: float) -> httpx.Client:
    """Keep connections open between runs and between visitors."""
    return httpx.Client(timeout=timeout_seconds)

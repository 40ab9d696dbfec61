"""The part of the Model page about forecasts that have been graded."""

from __future__ import annotations

import streamlit as st

from podforecast.api_schema.model import ModelOut
from podforecast.ui import model_charts, notices
from podforecast.ui.palette import Scheme
from podforecast.ui.viewmodels.live import Figure, live_view


def render(model: ModelOut, scheme: Scheme) -> None:
    st.subheader("Since it was deployed")
    view = live_view(model)
    for notice in view.notices:
        notices.notice(notice)
    for row in view.figures:
        for column, figure in zip(st.columns(len(row)), row, strict=True):
            with column:
                _figure(figure)
    if view.calibration is not None:
        st.altair_chart(
            model_charts.calibration_chart(view.calibration, scheme, counted="forecasts"),
            theme=None,
            width="stretch",
        )
        st.markdown(view.calibration.sentence)


def _figure(figure: Figure) -> None:
    st.markdown(f"{figure.label}  \n**{figure.value}**", help=figure.help or None)
    st.caption(figure.rests_on)

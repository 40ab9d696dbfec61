"""The part of the Model page about forecasts that have been graded."""

from __future__ import annotations

import streamlit as st

from podforecast.api_schema.model import ModelOut
from podforecast.ui import model_charts, notices
from podforecast.ui.palette import Scheme
from podforecast.ui.viewmodels.curves import CalibrationPlot
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
        _calibration(view.calibration, scheme)


def _figure(figure: Figure) -> None:
    quiet = (f":gray[{line}]" for line in figure.rests_on)
    lines = "  \n".join((figure.label, f"**{figure.value}**", *quiet))
    st.markdown(lines, help=figure.help or None)


def _calibration(plot: CalibrationPlot, scheme: Scheme) -> None:
    left, right = st.columns(2, gap="large", vertical_alignment="center")
    with left:
        st.altair_chart(
            model_charts.calibration_chart(plot, scheme, counted="forecasts"),
            theme=None,
            width="stretch",
        )
    right.markdown(plot.sentence)

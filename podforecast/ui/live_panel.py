"""The part of the Model page about forecasts that have been graded."""

from __future__ import annotations

import streamlit as st

from podforecast.api_schema.model import ModelOut
from podforecast.ui import model_charts, notices
from podforecast.ui.outcomes import Answered, Service
from podforecast.ui.palette import Scheme
from podforecast.ui.viewmodels.curves import CalibrationPlot
from podforecast.ui.viewmodels.live import Figure, LiveView, live_view

REFRESH_SECONDS = 15
"""As often as a cluster is scanned, hence graded."""
CHANGED = "Another model answers now. Reload the page."


def render(service: Service, model: ModelOut, scheme: Scheme) -> None:
    """Show the figures, and from then on newer ones; the rest of the page stays as it is."""
    st.subheader("Since it was deployed")
    every = None if model.live is None else REFRESH_SECONDS
    st.fragment(_panel, run_every=every)(service, model, scheme)


def _panel(service: Service, model: ModelOut, scheme: Scheme) -> None:
    latest = model if model.live is None else _latest(service, model)
    if latest is None:
        st.warning(CHANGED, icon=":material/refresh:")
        return
    _figures(live_view(latest), scheme)


def _latest(service: Service, model: ModelOut) -> ModelOut | None:
    """Ask again; what was known stays while the service does not answer, as the sidebar says."""
    outcome = service.model()
    if not isinstance(outcome, Answered):
        return model
    return outcome.answer if outcome.answer.model_version == model.model_version else None


def _figures(view: LiveView, scheme: Scheme) -> None:
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

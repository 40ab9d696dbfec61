"""What the model is worth, before one believes it.

1. Who answers now: its kind, its age, what it learned from, and whether it beats chance.
2. What came of its forecasts since it was deployed, as far as they have been graded.
3. What it was compared with.
4. How well it ranks, whether its probabilities can be taken at their word, what each alert budget
   buys, and what it looks at: one plot each, and one sentence that says what to see.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from podforecast.api_schema.curves import CurvesOut
from podforecast.api_schema.model import ModelOut
from podforecast.ui import live_panel, model_charts
from podforecast.ui.charts import Plot
from podforecast.ui.outcomes import Answered, Declined, Outcome, Service, Unreachable
from podforecast.ui.palette import Scheme, scheme_of
from podforecast.ui.viewmodels.curves import CurvesView, curves_view
from podforecast.ui.viewmodels.forecast import failure_view
from podforecast.ui.viewmodels.model import (
    COLUMN_HELP,
    HONEST,
    Fact,
    ModelView,
    model_view,
)

CHANGED = "Another model was loaded while this page was asking. Reload the page."


def render(service: Service) -> None:
    st.title("How good is the model?")
    with st.spinner("Asking the service …"):
        model, curves = service.model(), service.curves()
    if not isinstance(model, Answered):
        _failure(model)
        return
    scheme = scheme_of(st.context.theme.type)
    view = model_view(model.answer)
    _about(view)
    live_panel.render(service, model.answer, scheme)
    _candidates(view, scheme)
    _curves(curves, model.answer, scheme)


def _about(view: ModelView) -> None:
    st.subheader(view.headline)
    place, icon = (
        (st.success, ":material/check_circle:")
        if view.tone == "good"
        else (st.error, ":material/error:")
    )
    place(view.verdict, icon=icon)
    _facts(view.model)
    _facts(view.data)


def _candidates(view: ModelView, scheme: Scheme) -> None:
    st.subheader("Candidates compared")
    st.caption(HONEST)
    st.dataframe(
        [row.cells for row in view.candidates],
        hide_index=True,
        column_config={
            name: st.column_config.TextColumn(help=text) for name, text in COLUMN_HELP.items()
        },
    )
    _chart(model_charts.candidates_chart(view.candidates, scheme))
    st.markdown(view.comparison)


def _facts(facts: Sequence[Fact]) -> None:
    for column, fact in zip(st.columns(len(facts)), facts, strict=True):
        column.markdown(f"{fact.label}  \n**{fact.value}**", help=fact.help or None)


def _curves(outcome: Outcome[CurvesOut], model: ModelOut, scheme: Scheme) -> None:
    if not isinstance(outcome, Answered):
        st.subheader("Its curves are missing")
        _failure(outcome)
    elif outcome.answer.model_version != model.model_version:
        st.warning(CHANGED, icon=":material/refresh:")
    else:
        _plots(curves_view(outcome.answer, model), scheme)


def _plots(view: CurvesView, scheme: Scheme) -> None:
    charts = (
        ("ROC curve", model_charts.roc_chart(view.roc, scheme), view.roc.sentence),
        (
            "Precision and recall",
            model_charts.precision_recall_chart(view.precision_recall, scheme),
            view.precision_recall.sentence,
        ),
        (
            "Calibration",
            model_charts.calibration_chart(view.calibration, scheme),
            view.calibration.sentence,
        ),
        (
            "Alarms against budget",
            model_charts.alarms_chart(view.alarms, scheme),
            view.alarms.sentence,
        ),
    )
    for first in range(0, len(charts), 2):
        for column, chart in zip(st.columns(2, gap="large"), charts[first:], strict=False):
            with column:
                _plot(*chart)
    _plot(
        "What it looks at",
        model_charts.importances_chart(view.importances, scheme),
        view.importances.sentence,
    )
    st.caption(f"Measured on {view.measured_on}")


def _plot(title: str, chart: Plot, sentence: str) -> None:
    st.subheader(title)
    _chart(chart)
    st.markdown(sentence)


def _chart(chart: Plot) -> None:
    # Streamlit's own theme would put its colours over ours.
    st.altair_chart(chart, theme=None, width="stretch")


def _failure(outcome: Declined | Unreachable) -> None:
    view = failure_view(outcome)
    st.error(f"**{view.headline}**  \n{view.detail}", icon=":material/error:")
    st.markdown(view.hint)
    st.caption(view.footnote)

"""Forecast one pod from numbers typed in.

1. Pick a scenario, or fill in the form. Optional fields stay empty where nothing was measured.
2. Ask for a forecast: the risk in a number and in words, why it is so, and what to do; or what
   was wrong with the request.
3. Move the sliders of the what-if row to see what would lower it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from podforecast.api_schema.predict import ExplainedResponse
from podforecast.ui.cards import forecast_card
from podforecast.ui.explanation_panel import what_to_do, why
from podforecast.ui.inputs import Value, key_of, optional_input, required_input
from podforecast.ui.outcomes import Answered, Measurements, Outcome, Service
from podforecast.ui.outlook_panel import what_to_expect
from podforecast.ui.viewmodels.forecast import (
    FailureView,
    as_curl,
    failure_view,
    forecast_view,
)
from podforecast.ui.viewmodels.form import Field, label_of, optional_groups, required_fields
from podforecast.ui.viewmodels.scenarios import SCENARIOS, Scenario, values_of
from podforecast.ui.whatif_panel import whatif

ASK_NOW = "predict.ask_now"
ASKED = "predict.asked"
STORY = "predict.story"
COLUMNS = 2
BEGIN = "Start from a situation, or describe the pod yourself."


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked last, of whom, and what came of it."""

    number: int
    address: str
    measurements: Measurements
    outcome: Outcome[ExplainedResponse]


def render(service: Service) -> None:
    st.title("Will this pod fail in the next minutes?", anchor=False)
    last = _last(service)
    _start_with(last.measurements if last else values_of(SCENARIOS[0]))
    _scenario_buttons()
    st.caption(st.session_state[STORY])
    left, right = st.columns([5, 7], gap="large")
    with left:
        asked, measurements = _form()
        with st.expander("The same request in a terminal"):
            st.code(as_curl(service.address, measurements), language="bash", wrap_lines=True)
    with right:
        if asked or st.session_state.pop(ASK_NOW, False):
            last = _ask(service, measurements)
        _outcome(last)
    if last is not None and isinstance(last.outcome, Answered):
        answer = last.outcome.answer
        whatif(service, last.measurements, answer, number=last.number)
        st.caption(forecast_view(answer).footnote)


def _last(service: Service) -> Asked | None:
    """What was asked of this service before; another one might have answered differently."""
    asked: Asked | None = st.session_state.get(ASKED)
    return asked if asked and asked.address == service.address else None


def _start_with(values: Measurements) -> None:
    """Fill in what is not there: at first sight, and after a visit to another page."""
    for name, value in values.items():
        st.session_state.setdefault(key_of(name), value)
    st.session_state.setdefault(STORY, BEGIN)


def _scenario_buttons() -> None:
    for column, scenario in zip(st.columns(len(SCENARIOS)), SCENARIOS, strict=True):
        column.button(
            scenario.title,
            key=f"predict.scenario.{scenario.title}",
            on_click=_apply,
            args=(scenario,),
            width="stretch",
        )


def _apply(scenario: Scenario) -> None:
    for name, value in values_of(scenario).items():
        st.session_state[key_of(name)] = value
    st.session_state[STORY] = f"**{scenario.title}.** {scenario.story}"
    st.session_state[ASK_NOW] = True


def _form() -> tuple[bool, Measurements]:
    with st.form("predict.form", border=False):
        values: dict[str, Value] = {
            "pod_id": st.text_input(label_of("pod_id"), key=key_of("pod_id"))
        }
        values |= _grid(required_fields(), required=True)
        # Above the optional fields: these are many, and the forecast appears beside the button.
        asked = st.form_submit_button("Forecast", type="primary", width="stretch")
        with st.expander("More measurements, where you have them"):
            for title, fields in optional_groups().items():
                st.markdown(f"**{title}**")
                values |= _grid(fields, required=False)
    return asked, values


def _grid(fields: Sequence[Field], *, required: bool) -> dict[str, Value]:
    """Place the inputs row by row, so that the tab key walks them as they are read."""
    place = required_input if required else optional_input
    values: dict[str, Value] = {}
    for first in range(0, len(fields), COLUMNS):
        row = fields[first : first + COLUMNS]
        for column, field in zip(
            st.columns(COLUMNS, vertical_alignment="bottom"), row, strict=False
        ):
            with column:
                values[field.name] = place(field)
    return values


def _ask(service: Service, measurements: Measurements) -> Asked:
    before: Asked | None = st.session_state.get(ASKED)
    with st.spinner("Asking the service …"):
        asked = Asked(
            number=before.number + 1 if before else 1,
            address=service.address,
            measurements=measurements,
            outcome=service.explained(measurements),
        )
    st.session_state[ASKED] = asked
    return asked


def _outcome(asked: Asked | None) -> None:
    if asked is None:
        st.info("The forecast will be here, with its reasons and what to do.")
    elif isinstance(asked.outcome, Answered):
        _forecast(asked.outcome.answer)
    else:
        _failure(failure_view(asked.outcome))


def _forecast(forecast: ExplainedResponse) -> None:
    st.markdown(forecast_card(forecast_view(forecast)), unsafe_allow_html=True)
    what_to_expect(forecast.issue_type, forecast.pod_status, side_by_side=True)
    why(forecast.explanation)
    what_to_do(forecast.recommendations)


def _failure(view: FailureView) -> None:
    st.error(f"**{view.headline}**  \n{view.detail}", icon=":material/error:")
    st.markdown(view.hint)
    st.markdown("\n".join(f"- **{f.field}** {f.fault}. {f.way_out}" for f in view.faults))
    st.caption(view.footnote)

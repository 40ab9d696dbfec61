"""The what-if row: sliders that ask for another forecast as they move."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from podforecast.api_schema.predict import ExplainedResponse
from podforecast.ui.cards import whatif_card
from podforecast.ui.outcomes import Measurements, Service
from podforecast.ui.viewmodels.whatif import (
    NoWhatIf,
    Slider,
    changed,
    sliders,
    whatif_view,
)

INVITATION = "Move a slider to see what the forecast would be. All other numbers stay as they are."


@st.fragment
def whatif(
    service: Service, measured: Measurements, forecast: ExplainedResponse, *, number: int
) -> None:
    """Draw the row for one forecast; ``number`` tells it from the ones before and after."""
    row = sliders(forecast, measured)
    if not row:
        return
    st.markdown("#### What if")
    values = {
        slider.field.name: _slider(slider, _key(number, slider), place)
        for slider, place in zip(row, _places(len(row)), strict=True)
    }
    moved = changed(row, values)
    if not moved:
        st.markdown(INVITATION)
        return
    _answer(service, {**measured, **moved}, forecast)
    st.button(
        "Back to what was measured",
        key=f"whatif.{number}.back",
        icon=":material/undo:",
        on_click=_reset,
        args=({_key(number, slider): _typed(slider, slider.start) for slider in row},),
    )


def _places(count: int) -> list[st.delta_generator.DeltaGenerator]:
    return st.columns(count, gap="medium", vertical_alignment="bottom")


def _key(number: int, slider: Slider) -> str:
    return f"whatif.{number}.{slider.field.name}"


def _slider(slider: Slider, key: str, place: st.delta_generator.DeltaGenerator) -> float:
    field = slider.field
    st.session_state.setdefault(key, _typed(slider, slider.start))
    chosen: float = place.slider(
        field.label,
        min_value=_typed(slider, slider.low),
        max_value=_typed(slider, slider.high),
        step=_typed(slider, field.step),
        format="%d" if field.whole else f"%.{field.digits}f",
        help=field.help,
        key=key,
    )
    return chosen


def _typed(slider: Slider, value: float) -> float:
    """As Streamlit wants all numbers of one slider: of one type."""
    return int(value) if slider.field.whole else float(value)


def _answer(service: Service, measurements: Measurements, forecast: ExplainedResponse) -> None:
    view = whatif_view(forecast, service.predict(measurements))
    if isinstance(view, NoWhatIf):
        st.warning(f"**{view.headline}**  \n{view.detail}", icon=":material/cloud_off:")
    else:
        st.markdown(whatif_card(view), unsafe_allow_html=True)


def _reset(values: Mapping[str, float]) -> None:
    for key, value in values.items():
        st.session_state[key] = value

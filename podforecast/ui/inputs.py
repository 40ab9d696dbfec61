"""Widgets of the form. What each starts with is in the session, so that scenarios can set it."""

from __future__ import annotations

import streamlit as st

from podforecast.ui.viewmodels.form import Field

UNKNOWN = "not measured"
Value = float | str | None


def key_of(name: str) -> str:
    """Name of a field's widget in the session."""
    return f"predict.{name}"


def required_input(field: Field) -> Value:
    """Ask for a field that has to be filled in."""
    if field.choices:
        return st.selectbox(field.label, field.choices, help=field.help, key=key_of(field.name))
    if field.is_share:
        return st.slider(
            field.label, 0.0, 1.0, step=field.step, help=field.help, key=key_of(field.name)
        )
    return _number(field)


def optional_input(field: Field) -> Value:
    """Ask for a field that may stay empty; empty is unknown, which is not 0."""
    if field.choices:
        return st.selectbox(
            field.label,
            field.choices,
            index=None,
            placeholder=UNKNOWN,
            help=field.help,
            key=key_of(field.name),
        )
    return _number(field)


def _number(field: Field) -> float | None:
    kind = int if field.whole else float
    return st.number_input(
        field.label,
        min_value=kind(field.low),
        max_value=kind(field.high),
        value=None,
        step=kind(field.step),
        format="%d" if field.whole else f"%.{field.digits}f",
        placeholder=UNKNOWN,
        help=field.help,
        key=key_of(field.name),
    )

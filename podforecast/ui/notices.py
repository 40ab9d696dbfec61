"""Banners: where the data is from, what is wrong with it, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import streamlit as st
from pydantic import BaseModel

from podforecast.api_schema.fleet import SourceOut
from podforecast.ui.viewmodels.fleet import Notice, Tone, source_view
from podforecast.ui.viewmodels.forecast import failure_view
from podforecast.ui.viewmodels.snapshot import Sight, age_in_words

Got = TypeVar("Got", bound=BaseModel)


def source_line(source: SourceOut, seen_at: datetime, now: datetime) -> None:
    """Say where the data is from and how old it is."""
    view = source_view(source, seen_at, now=now)
    st.markdown(view.line)
    if view.notice is not None:
        notice(view.notice)


def notice(view: Notice) -> None:
    """Place a notice; its tone is in the icon too, not in the colour alone."""
    boxes: dict[Tone, tuple[Callable[..., object], str]] = {
        "note": (st.info, ":material/info:"),
        "warning": (st.warning, ":material/warning:"),
        "error": (st.error, ":material/error:"),
    }
    box, icon = boxes[view.tone]
    box(f"**{view.headline}**  \n{view.detail}", icon=icon)


def trouble(sight: Sight[Got], now: datetime) -> None:
    """Say why there is no new answer, and what is shown instead."""
    if sight.trouble is None:
        return
    view = failure_view(sight.trouble)
    lines = [f"**{view.headline}**", f"{view.detail} {view.hint}".strip()]
    if sight.snapshot is not None:
        lines.append(f"Below is its last answer, {age_in_words(now - sight.snapshot.at)} ago.")
    if view.footnote:
        lines.append(view.footnote)
    st.error("  \n".join(lines), icon=":material/error:")

"""Last answers in a visitor's session: what pages show while the service does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from podforecast.ui.outcomes import Outcome
from podforecast.ui.viewmodels.snapshot import Got, Sight, Snapshot, look


@dataclass(frozen=True, slots=True)
class Shelf:
    """A place for one answer. An answer about something else than ``about`` is forgotten."""

    key: str
    about: tuple[str, ...]
    """Address of the service, and what it was asked for."""

    @property
    def snapshot(self) -> Snapshot[Any] | None:
        about, snapshot = st.session_state.get(self.key, ((), None))
        return snapshot if about == self.about else None

    def take(self, outcome: Outcome[Got], *, now: datetime) -> Sight[Got]:
        """Keep a new answer, or return the old one with the trouble."""
        sight = look(outcome, self.snapshot, now=now)
        st.session_state[self.key] = (self.about, sight.snapshot)
        return sight

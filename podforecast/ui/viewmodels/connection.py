"""The line in the sidebar that says whether the service answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from podforecast.ui.outcomes import Connected, Connection, Declined

Tone = Literal["good", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class ConnectionView:
    tone: Tone
    headline: str
    detail: str


def connection_view(connection: Connection) -> ConnectionView:
    """Word a connection: the tone for colour and icon, never without the words."""
    if isinstance(connection, Connected):
        return ConnectionView("good", "Connected", f"Model {connection.model_version}")
    if isinstance(connection, Declined):
        problem = connection.problem
        return ConnectionView(
            "warning", "Connected, but not ready", f"{problem.detail}. {problem.hint}"
        )
    return ConnectionView(
        "bad",
        "Not connected",
        f"{connection.address}: {connection.reason}. Start the service with `uvicorn app:app`,"
        " or correct the address.",
    )

"""The riskiest pods as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich import box
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from podforecast.watcher.riskiest import RiskyPod

SHOWN_REASONS = 2
_JUSTIFIED: Mapping[str, JustifyMethod] = {"Fails": "right"}
_COLOURS = {"failing": "bold red", "at_risk": "red", "stable": "yellow"}


def risk_table(pods: Iterable[RiskyPod]) -> Table:
    """One row per pod. Names are data: nothing in them is taken for markup."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for heading in ("Pod", "State", "Fails", "Why", "What to do"):
        table.add_column(
            heading, overflow="fold", justify="right" if heading == "Fails" else "left"
        )
    for pod in pods:
        table.add_row(
            Text(str(pod.pod)), _state(pod), _probability(pod), Text(_why(pod)), Text(_what(pod))
        )
    return table


def _state(pod: RiskyPod) -> Text:
    muted = ", muted" if pod.muted else ""
    return Text(pod.state.replace("_", " ") + muted, style=_COLOURS.get(pod.state, ""))


def _probability(pod: RiskyPod) -> Text:
    probability = pod.judged.failure_probability
    return Text("" if probability is None else f"{probability:.0%}")


def _why(pod: RiskyPod) -> str:
    if pod.state == "failing" and pod.last_failure is not None:
        return f"Failed last: {pod.last_failure.cause}."
    return " ".join(pod.reasons[:SHOWN_REASONS])


def _what(pod: RiskyPod) -> str:
    if pod.remedy is None:
        return ""
    first = pod.remedy.actions[0] if pod.remedy.actions else ""
    return f"{pod.remedy.title}.\n{first}".strip()

"""From a run's event log to the ground truth of its recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lab.node_agent.state import Event

PRECURSOR_SECONDS = 60.0
"""A fault that fails its pod sooner leaves nothing to be seen in a 15 s scrape."""


def truth(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``events.parquet``; what names this machine stays out."""
    for event in events:
        row: dict[str, Any] = {
            "at": event.at,
            "kind": event.kind,
            "namespace": event.namespace,
            "pod": event.pod,
            "uid": event.uid,
            "workload": event.workload,
            "node": event.node,
            "container": event.container,
            "cause": event.cause,
            "exit_code": event.exit_code,
            "reason": event.reason,
            "fault_id": event.detail.get("injection", ""),
            "fault_kind": event.detail.get("injection_kind", ""),
        }
        if event.kind == "failure":
            row |= _of_failure(event)
        if event.kind.endswith("_started") and row["fault_id"]:
            row["fault_started_at"] = event.at
        yield row | {"detail": {k: v for k, v in event.detail.items() if k != "run_dir"}}


def _of_failure(event: Event) -> dict[str, Any]:
    first = not event.detail.get("repeat", False)
    since: float | None = event.detail.get("since_onset_seconds")
    if since is None:
        return {"first": first, "precursor": False}
    gradual = not event.detail.get("sudden", True)
    return {
        "first": first,
        "fault_started_at": event.at - since,
        "precursor": gradual and since >= PRECURSOR_SECONDS,
    }

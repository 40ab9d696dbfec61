"""Ground truth of a recording as a table: what was done to the pods, and what befell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.telemetry.columns import read_whole

FAILURE = "failure"
"""The kind of event that is the onset of a failure."""

SCHEMA = pa.schema(
    [
        ("at", pa.float64()),
        ("kind", pa.string()),
        ("namespace", pa.string()),
        ("pod", pa.string()),
        ("uid", pa.string()),
        ("workload", pa.string()),
        ("node", pa.string()),
        ("container", pa.string()),
        ("cause", pa.string()),
        ("exit_code", pa.int32()),
        ("reason", pa.string()),
        ("fault_id", pa.string()),
        ("fault_kind", pa.string()),
        ("fault_started_at", pa.float64()),
        ("first", pa.bool_()),
        ("precursor", pa.bool_()),
        ("detail", pa.string()),
    ]
)
"""``at`` and ``fault_started_at`` are Unix seconds; ``detail`` is a JSON object. ``cause``,
``exit_code``, ``first`` and ``precursor`` are null except on failures."""

TEXTS = frozenset(field.name for field in SCHEMA if pa.types.is_string(field.type)) - {"cause"}


def write_events(path: Path, events: Iterable[Mapping[str, Any]]) -> None:
    """Write events, in order of time; what one does not say is empty."""
    rows = [
        {name: event.get(name) or "" if name in TEXTS else event.get(name) for name in SCHEMA.names}
        | {"detail": orjson.dumps(event.get("detail") or {}).decode()}
        for event in sorted(events, key=lambda event: event["at"])
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path, compression="zstd")


def read_events(path: Path) -> list[dict[str, Any]]:
    """Read events back, ``detail`` as a dictionary."""
    rows = read_whole(path).cast(SCHEMA).to_pylist()
    return [{**row, "detail": orjson.loads(row["detail"])} for row in rows]


def failures_in(events: Sequence[Mapping[str, Any]]) -> tuple[Failure, ...]:
    """Return the onsets of failures, in order of time.

    >>> event = {"at": 60.0, "kind": "failure", "namespace": "shop", "pod": "cart-0",
    ...          "cause": "oom", "first": True}
    >>> failures_in([event, {"at": 61.0, "kind": "container_started"}])
    (Failure(pod=PodRef(namespace='shop', name='cart-0'), at=60.0, ..., first=True, ...),)
    """
    return tuple(
        Failure(
            pod=PodRef(event["namespace"], event["pod"]),
            at=event["at"],
            cause=FailureCause(event["cause"]),
            first=bool(event["first"]),
            fault_kind=event.get("fault_kind") or "",
            fault_started_at=event.get("fault_started_at"),
            precursor=bool(event.get("precursor")),
        )
        for event in sorted(events, key=lambda event: event["at"])
        if event["kind"] == FAILURE
    )

"""The ground truth: one JSON line per event, on disk as soon as it happened."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.node_agent.state import Event


def as_line(event: Event) -> str:
    """Serialise an event, leaving out what is empty.

    >>> as_line(Event(at=1.0, kind="rollout", workload="shop/cart"))
    '{"at": 1.0, "kind": "rollout", "workload": "shop/cart"}'
    """
    fields = dataclasses.asdict(event)
    return json.dumps({k: v for k, v in fields.items() if v not in ("", None, {})})


class JsonLines:
    """A file to which objects are appended line by line and flushed at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, fields: dict[str, Any]) -> None:
        """Append one object."""
        self._file.write(json.dumps(fields) + "\n")

    def write_event(self, event: Event) -> None:
        """Append one event."""
        self._file.write(as_line(event) + "\n")


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a run; a line cut short by a crash ends the reading."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return
            yield Event(**json.loads(line))

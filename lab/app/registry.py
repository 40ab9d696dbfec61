"""All toggles by name, and the reading of a ``POST /failures`` body."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from lab.app.service import Board, Toggle
from lab.app.toggles.cpu import BatchCpu, CpuSpike
from lab.app.toggles.memory import CacheWarmup, GcSawtooth, MemoryLeak
from lab.app.toggles.process import BadConfig, ConnectionLeak, Crash, Deadlock
from lab.app.toggles.requests import ErrorRate, HighLatency, ServiceDown, SlowDependency
from lab.app.toggles.traffic import LogNoise, TrafficBurst

TOGGLES: dict[str, type[Toggle]] = {
    kind.name: kind
    for kind in (
        MemoryLeak,
        CpuSpike,
        HighLatency,
        ErrorRate,
        ServiceDown,
        SlowDependency,
        ConnectionLeak,
        Deadlock,
        Crash,
        BadConfig,
        CacheWarmup,
        GcSawtooth,
        TrafficBurst,
        BatchCpu,
        LogNoise,
    )
}


class ChangesRefused(ValueError):
    """A body that names an unknown toggle or parameter, or a value it can not have."""

    def __init__(self, message: str, valid: list[str]) -> None:
        super().__init__(message)
        self.message = message
        self.valid = valid
        """The names that would have been understood."""


def read_changes(body: bytes) -> dict[str, Toggle | None]:
    """Turn a JSON body into toggles to switch on, or ``None`` to switch off.

    >>> read_changes(b'{"batch_cpu": {"duty": 0.3}, "crash": false}')
    {'batch_cpu': BatchCpu(duration_seconds=None, duty=0.3), 'crash': None}
    """
    try:
        changes = json.loads(body)
    except ValueError as error:
        raise ChangesRefused(f"the body is not JSON: {error}", list(TOGGLES)) from None
    if not isinstance(changes, dict):
        raise ChangesRefused("the body must be a JSON object of toggles", list(TOGGLES))
    return {name: _read_change(name, value) for name, value in changes.items()}


def _read_change(name: str, value: object) -> Toggle | None:
    kind = TOGGLES.get(name)
    if kind is None:
        raise ChangesRefused(f"unknown toggle {name!r}", list(TOGGLES))
    if value is False:
        return None
    params = {} if value is True else value
    if not isinstance(params, dict):
        raise ChangesRefused(f"{name} must be true, false or an object", list(kind.model_fields))
    try:
        return kind.model_validate(params)
    except ValidationError as error:
        raise ChangesRefused(_explain(name, error), list(kind.model_fields)) from None


def _explain(name: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    param = first["loc"][0] if first["loc"] else "parameters"
    if first["type"] == "extra_forbidden":
        return f"{name} has no parameter {param!r}"
    return f"{name}.{param}: {first['msg']}"


def describe(board: Board) -> dict[str, dict[str, Any]]:
    """Return every toggle with its state, as ``GET /failures`` answers."""
    return {name: _describe_one(kind, board) for name, kind in TOGGLES.items()}


def _describe_one(kind: type[Toggle], board: Board) -> dict[str, Any]:
    active = board.get(kind.name)
    toggle = active.toggle if active else kind()
    return {
        "active": active is not None,
        "since": active.since.isoformat() if active else None,
        "params": toggle.model_dump(mode="json"),
    }

"""Rows that know the status of a pod at a moment and five minutes later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.tables import Index, Mask
from podforecast.domain.telemetry import Array

Codes = NDArray[np.int8]
"""Codes of ``PodStatus``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRows:
    """Features of pods whose status is known, with what it was then and is later.

    Pods that are failing already are among them, unlike in a :class:`Dataset`. All arrays have
    one entry per row.
    """

    x: NDArray[np.float32]
    """Features, shape (n_rows, n_features)."""
    now: Codes
    later: Codes
    """At the horizon; ``NotFound`` where the pod is gone by then."""
    time: Array
    """Unix seconds."""
    pod: Index
    """Index into ``pods``."""
    workload: Index
    """Index into ``workloads``."""
    campaign: Index
    """Index into ``campaigns``."""
    weight: Array
    """How many recorded rows this one stands for."""
    pods: tuple[str, ...]
    """``campaign/namespace/name``."""
    workloads: tuple[str, ...]
    """``campaign/namespace/name``."""
    campaigns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.now)

    @property
    def changes(self) -> Mask:
        """Where the status is another one at the horizon, shape (n_rows,)."""
        changed: Mask = self.now != self.later
        return changed

    def rows(self, chosen: Mask | Index) -> StatusRows:
        """The chosen rows; names stay whole, so indices go on being valid."""
        found: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        per_row = {name: v[chosen] for name, v in found.items() if not isinstance(v, tuple)}
        return replace(self, **per_row)


def concatenate_statuses(parts: Sequence[StatusRows]) -> StatusRows:
    """Join rows of different campaigns, re-basing every index; at least one part."""
    columns: dict[str, list[np.ndarray]] = {}
    pods: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    for part in parts:
        shift = {"pod": len(pods), "workload": len(workloads), "campaign": len(campaigns)}
        for f in fields(part):
            value = getattr(part, f.name)
            if not isinstance(value, tuple):
                moved = value + shift[f.name] if f.name in shift else value
                columns.setdefault(f.name, []).append(moved)
        pods, workloads = pods + part.pods, workloads + part.workloads
        campaigns += part.campaigns
    joined: dict[str, Any] = {name: np.concatenate(each) for name, each in columns.items()}
    return StatusRows(
        **joined,
        pods=pods,
        workloads=workloads,
        campaigns=campaigns,
    )

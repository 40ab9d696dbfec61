"""Memory of a few pods in bytes: asked for only where somebody is to be advised.

Features know shares of a limit alone, so two more signals of every pod would be kept for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podforecast.domain.memory import MemorySize
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetryBlock

USED, LIMIT = "memory_working_set_bytes", "memory_limit_bytes"
"""Signals."""


def sizes_of(block: TelemetryBlock, pods: Sequence[PodRef]) -> Mapping[PodRef, MemorySize]:
    """Sizes of some pods at the last sample of a block."""
    row_of = {pod: row for row, pod in enumerate(block.pods)}
    used, limit = block.signal(USED)[:, -1], block.signal(LIMIT)[:, -1]
    rows = {pod: row_of[pod] for pod in pods if pod in row_of}
    return known_sizes(
        {pod: float(used[row]) for pod, row in rows.items()},
        {pod: float(limit[row]) for pod, row in rows.items()},
    )


def known_sizes(
    used: Mapping[PodRef, float], limit: Mapping[PodRef, float]
) -> Mapping[PodRef, MemorySize]:
    """Leave out what is unknown: NaN is not above 0."""
    return {
        pod: MemorySize(used_bytes=size, limit_bytes=limit[pod])
        for pod, size in used.items()
        if size > 0 and limit.get(pod, 0.0) > 0
    }

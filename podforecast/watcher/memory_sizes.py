"""Memory of a few pods in bytes: asked for only where somebody is to be advised.

Features know shares of a limit alone, so two more signals of every pod would be kept for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from podforecast.domain.memory import MemorySize
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.errors import PodforecastError
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.lasting import LastingTroubles
from podforecast.telemetry.prometheus.queries import Scope, quoted

USED, LIMIT = "memory_working_set_bytes", "memory_limit_bytes"
_UNKNOWN = "sizes in bytes are not told"


def sizes_of(block: TelemetryBlock, pods: Sequence[PodRef]) -> Mapping[PodRef, MemorySize]:
    """Sizes of some pods at the last sample of a block."""
    row_of = {pod: row for row, pod in enumerate(block.pods)}
    used, limit = block.signal(USED)[:, -1], block.signal(LIMIT)[:, -1]
    rows = {pod: row_of[pod] for pod in pods if pod in row_of}
    return _known(
        {pod: float(used[row]) for pod, row in rows.items()},
        {pod: float(limit[row]) for pod, row in rows.items()},
    )


class MemorySizes:
    """Asks a Prometheus; where it does not answer, nothing is known."""

    def __init__(self) -> None:
        self._troubles = LastingTroubles()

    def ask(
        self, api: QueryApi, base: Scope, pods: Sequence[PodRef], at: float
    ) -> Mapping[PodRef, MemorySize]:
        """Return the sizes of some pods at a time, Unix seconds: two queries.

        Parameters
        ----------
        pods
            At least one.
        """
        scope = scope_of(base, pods)
        try:
            used, limit = (self._values(api, scope.query(name), at) for name in (USED, LIMIT))
        except PodforecastError as error:
            self._troubles.begin(_UNKNOWN, error)
            return {}
        self._troubles.end(_UNKNOWN)
        return _known({pod: used[pod] for pod in pods if pod in used}, limit)

    def _values(self, api: QueryApi, query: str, at: float) -> Mapping[PodRef, float]:
        return {
            PodRef(series.labels.get("namespace", ""), series.labels.get("pod", "")): float(value)
            for series in api.at(query, at)
            for value in series.values[-1:]
        }


def scope_of(base: Scope, pods: Sequence[PodRef]) -> Scope:
    """Restrict a scope to some pods. Every series of the two signals has a label for the pod.

    >>> scope_of(Scope(), [PodRef("shop", "cart-0"), PodRef("shop", "pay-1")]).render("<pods>")
    'pod=~"cart-0|pay-1",namespace="shop"'
    """
    names = "|".join(re.escape(name).replace(r"\-", "-") for name in sorted({p.name for p in pods}))
    selector = f"{base.extra_selector.strip().strip('{},')},pod=~{quoted(names)}".lstrip(",")
    scope = replace(base, extra_selector=selector)
    return scope.within(*sorted({pod.namespace for pod in pods}))


def _known(
    used: Mapping[PodRef, float], limit: Mapping[PodRef, float]
) -> Mapping[PodRef, MemorySize]:
    """Leave out what is unknown: NaN is not above 0."""
    return {
        pod: MemorySize(used_bytes=size, limit_bytes=limit[pod])
        for pod, size in used.items()
        if size > 0 and limit.get(pod, 0.0) > 0
    }

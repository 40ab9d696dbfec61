"""Asks a Prometheus for the memory of a few pods."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from podforecast.domain.memory import MemorySize
from podforecast.domain.pods import PodRef
from podforecast.errors import PodforecastError
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.lasting import LastingTroubles
from podforecast.telemetry.prometheus.queries import Scope, quoted
from podforecast.watcher.memory_sizes import LIMIT, USED, known_sizes

_UNKNOWN = "sizes in bytes are not told"


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
        return known_sizes({pod: used[pod] for pod in pods if pod in used}, limit)

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

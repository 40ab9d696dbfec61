"""The part of a cluster that one watcher reads: its namespaces, as scopes of queries."""

from __future__ import annotations

from podforecast.errors import PodforecastError
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.lasting import LastingTroubles
from podforecast.telemetry.prometheus.queries import EVERYTHING, Scope
from podforecast.telemetry.prometheus.shards import WHOLE, Shard, in_groups

_STALE = "namespaces are those of before"


class ClusterPart:
    """Namespaces of a shard; a whole cluster needs none of this.

    Parameters
    ----------
    scope
        Of every query, before it is restricted to the shard.
    shard
        Which of the namespaces.
    """

    def __init__(self, scope: Scope = EVERYTHING, *, shard: Shard = WHOLE) -> None:
        self.namespaces: tuple[str, ...] = ()
        """Of the shard; empty where there is one shard only."""
        self._base = scope
        self._shard = shard
        self._troubles = LastingTroubles()

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """What the queries are restricted to; more than one where a matcher would be too long."""
        if self._shard.is_whole:
            return (self._base,)
        return tuple(self._base.within(*group) for group in in_groups(self.namespaces))

    def find(self, api: QueryApi, first: float, last: float) -> None:
        """Find the namespaces that had pods between two times, Unix seconds.

        Raises
        ------
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            If nobody answers, and none are known from before.
        """
        if self._shard.is_whole:
            return
        try:
            found = self.all_namespaces(api, first, last)
        except PodforecastError as error:
            if not self.namespaces:
                raise
            self._troubles.begin(_STALE, error)
            return
        self._troubles.end(_STALE)
        self.namespaces = tuple(sorted(name for name in found if self._shard.has(name)))

    def all_namespaces(self, api: QueryApi, first: float, last: float) -> list[str]:
        """Names of all namespaces, also of other shards."""
        match = self._base.render("kube_pod_info{<where>}")
        return api.label_values("namespace", match, first, last)

    def __str__(self) -> str:
        """The end of a sentence; empty where it is the whole."""
        return "" if self._shard.is_whole else f" (shard {self._shard})"

"""Who owns the pods of a ring: asked for when somebody new has come, and now and then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from podforecast.domain.telemetry import STEP
from podforecast.errors import PodforecastError
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.lasting import LastingTroubles
from podforecast.telemetry.prometheus.queries import Scope
from podforecast.telemetry.prometheus.samples import read_pods
from podforecast.telemetry.ring import STEP_SECONDS, Ring

OWNERS_EVERY = 20
"""Samples, five minutes: a pod hardly ever changes its owner."""
_UNKNOWN = "owners are left out"


class Owners:
    """Notes workloads in a ring. A pod whose owner nobody tells is its own workload."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._asked_at = -OWNERS_EVERY
        self._troubles = LastingTroubles()

    def find(self, api: QueryApi, scopes: Sequence[Scope], *, span: timedelta, since: int) -> None:
        """Ask about the pods of a span before now, if one seen since then has no workload."""
        newest = self._ring.newest
        if not self._ring.ownerless(since) and newest - self._asked_at < OWNERS_EVERY:
            return
        try:
            for scope in scopes:
                body = api.body_at(scope.workloads(span, STEP), STEP_SECONDS * newest)
                self._ring.own(read_pods(body, "workload"))
        except PodforecastError as error:
            self._troubles.begin(_UNKNOWN, error)
            return
        self._troubles.end(_UNKNOWN)
        self._asked_at = newest

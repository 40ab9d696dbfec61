"""All pods of one snapshot, ready to be answered: ranked once, then only picked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from podforecast.api_schema.fleet import PodState
from podforecast.domain.catalogue import feature_index
from podforecast.domain.forecast import risk_level
from podforecast.domain.issues import IssueType
from podforecast.domain.outcomes import Failure
from podforecast.domain.telemetry import Array
from podforecast.features.borrowed import borrowed
from podforecast.serving.fleet.query import FleetQuery
from podforecast.watcher.snapshot import Snapshot
from podforecast.watcher.states import counts, states_of

JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z
"""NaN becomes null."""
_RANK: Mapping[PodState, int] = {"failing": 0, "at_risk": 1, "stable": 1, "insufficient_data": 2}
_MEASURED = ("cpu_usage_pct", "memory_usage_pct", "restart_count_24h")
_COLUMNS = [feature_index(name) for name in _MEASURED]
_TREND_DIGITS = 4


class FleetRows:
    """The present scan of a snapshot.

    Parameters
    ----------
    snapshot
        What to answer from.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        scan = snapshot.present
        self.pods = scan.index.pods
        self.workloads = scan.index.workloads
        self.probability: list[float] = scan.probability.tolist()
        self.states = states_of(scan)
        self.counts = counts(scan)
        self.namespaces = sorted({pod.namespace for pod in self.pods})

    def described(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Some pods as in :class:`~podforecast.api_schema.fleet.PodOut`.

        Only those that are shown: of a hundred thousand, all would take seconds.
        """
        chosen = np.array(rows, dtype=np.int64)
        snapshot = self.snapshot
        columns = zip(
            rows,
            np.round(snapshot.trends(rows=chosen), _TREND_DIGITS),
            snapshot.features[chosen][:, _COLUMNS].tolist(),
            np.round(snapshot.present.coverage[chosen], _TREND_DIGITS).tolist(),
            borrowed(snapshot.features[chosen]).tolist(),
            strict=True,
        )
        return [self._pod(*values) for values in columns]

    def chosen(self, query: FleetQuery) -> list[int]:
        """Rows that pass the filters, in the order that was asked for."""
        order = self._by_risk if query.sort == "risk" else self._by_name
        if query.lets_all_through:
            return order
        return [row for row in order if self._passes(row, query)]

    def _passes(self, row: int, query: FleetQuery) -> bool:
        pod = self.pods[row]
        return (
            (not query.namespace or pod.namespace in query.namespace)
            and (not query.workload or self.workloads[row] in query.workload)
            and (not query.state or self.states[row] in query.state)
            and (not query.issue_type or self._issue_type(row) in query.issue_type)
            # NaN is not above anything.
            and (query.min_probability <= 0.0 or self.probability[row] >= query.min_probability)
            and (not query.q or query.q.casefold() in self._texts[row])
        )

    @cached_property
    def _texts(self) -> list[str]:
        return [str(pod).casefold() for pod in self.pods]

    @cached_property
    def _by_name(self) -> list[int]:
        names = [(pod.namespace, pod.name) for pod in self.pods]
        return sorted(range(len(names)), key=names.__getitem__)

    @cached_property
    def _by_risk(self) -> list[int]:
        def key(row: int) -> tuple[int, float]:
            probability = self.probability[row]
            return _RANK[self.states[row]], 0.0 if math.isnan(probability) else -probability

        # Stable: ties stay by name.
        return sorted(self._by_name, key=key)

    def _pod(
        self, row: int, trend: Array, measured: list[float], coverage: float, borrows: bool
    ) -> dict[str, Any]:
        pod, probability = self.pods[row], self.probability[row]
        known = not math.isnan(probability)
        return {
            "namespace": pod.namespace,
            "name": pod.name,
            "workload": self.workloads[row],
            "state": self.states[row],
            "failure_probability": probability,
            "risk_level": risk_level(probability, self.snapshot.model.threshold) if known else None,
            "coverage": coverage,
            "borrowed": known and borrows,
            "trend": trend,
            **dict(zip(_MEASURED, measured, strict=True)),
            "issue_type": self._issue_type(row),
            "last_failure": _last(self.snapshot.failures.get(pod, ())),
        }

    def _issue_type(self, row: int) -> IssueType | None:
        """Name of the trouble; none below the watch threshold, where nothing is worked out."""
        if row in self.snapshot.outlook.issues:
            return self.snapshot.outlook.issues[row].type
        forecast = self.snapshot.model.targets.issue_type is not None
        known = not math.isnan(self.probability[row])
        return IssueType.NONE if forecast and known else None


def _last(failures: Sequence[Failure]) -> dict[str, Any] | None:
    return {"at": utc(failures[-1].at), "cause": failures[-1].cause} if failures else None


def utc(seconds: float) -> datetime:
    """Turn Unix seconds into a time that is written as such."""
    return datetime.fromtimestamp(seconds, UTC)

"""Adding up what graded forecasts came to."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, func, select

from podforecast.domain.history import BIN_EDGES, Track
from podforecast.store.names import kept
from podforecast.store.tables import FAILURES, NOTIFICATIONS, SCANS, TALLIES


def track(
    connection: Connection, watcher: int, *, since: float, model_version: str | None
) -> Track:
    """Sum over the graded scans from ``since`` on, of one model or of all."""
    wanted: list[ColumnElement[bool]] = [
        SCANS.c.watcher_id == watcher, SCANS.c.at >= since, SCANS.c.graded
    ]  # fmt: skip
    if model_version is not None:
        wanted.append(SCANS.c.model_version == kept(model_version))

    def rows(query: Select[*tuple[Any, ...]]) -> list[Any]:
        return list(connection.execute(query.where(*wanted)))

    sums = _by_bin(rows(_TALLIED))
    scans, notified, failed = rows(_SCANNED)[0], rows(_NOTIFIED)[0], rows(_FAILED)
    lead = [row.announced_minutes for row in failed if row.announced_minutes is not None]
    return Track(
        since=scans.since,
        until=scans.until,
        forecasts=sums[0].astype(np.int64),
        probability=sums[1],
        failed=sums[2].astype(np.int64),
        squared_error=float(sums[3].sum()),
        pod_hours=float(scans.pod_seconds or 0.0) / 3600.0,
        notifications=notified.notifications,
        false_alarms=notified.notifications - int(notified.true or 0),
        failures=len(failed),
        announced=len(lead),
        lead_minutes=np.array(lead, dtype=np.float64),
    )


_TALLIED = (
    select(
        TALLIES.c.bin,
        func.sum(TALLIES.c.forecasts).label("forecasts"),
        func.sum(TALLIES.c.probability).label("probability"),
        func.sum(TALLIES.c.failed).label("failed"),
        func.sum(TALLIES.c.squared_error).label("squared_error"),
    )
    .select_from(TALLIES.join(SCANS, SCANS.c.id == TALLIES.c.scan_id))
    .group_by(TALLIES.c.bin)
)
_SCANNED = select(
    func.min(SCANS.c.at).label("since"),
    func.max(SCANS.c.at).label("until"),
    func.sum(SCANS.c.pod_seconds).label("pod_seconds"),
)
_NOTIFIED = select(
    func.count().label("notifications"),
    func.count().filter(NOTIFICATIONS.c.failed).label("true"),
).select_from(NOTIFICATIONS.join(SCANS, SCANS.c.id == NOTIFICATIONS.c.scan_id))
_FAILED = (
    select(FAILURES.c.announced_minutes)
    .select_from(FAILURES.join(SCANS, SCANS.c.id == FAILURES.c.scan_id))
    .order_by(FAILURES.c.at, FAILURES.c.pod_id)
)


def _by_bin(rows: list[Any]) -> np.ndarray:
    """Sums of forecasts, probability, failed and squared error, (4, n_bins)."""
    sums = np.zeros((4, len(BIN_EDGES) - 1))
    for place, *values in rows:
        sums[:, place] = [float(value) for value in values]
    return sums

"""Deleting what is older than is wanted, a little at a time."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, delete, select

from podforecast.store.pods import SEEN_EVERY_SECONDS
from podforecast.store.tables import FAILURES, FORECASTS, NOTIFICATIONS, PODS, SCANS, STATE, TALLIES

FORECASTS_AT_ONCE = 40_000
"""Per call, which is some 0.1 s. A scan waits for it."""
MOST_SCANS = 100
FEWEST_SCANS = 5
"""Per call whatever their size: called once a minute, in which four are added, it catches up."""
PODS_AT_ONCE = 10_000


def purge(connection: Connection, watcher: int, before: float) -> tuple[int, int]:
    """Delete a bounded number of the oldest scans with all that belongs to them.

    Returns
    -------
    scans : int
        Deleted.
    pods : int
        Deleted: those that nobody refers to, once no old scan is left.
    """
    oldest = connection.execute(
        select(SCANS.c.id, SCANS.c.pods)
        .where(SCANS.c.watcher_id == watcher, SCANS.c.at < before)
        .order_by(SCANS.c.at)
        .limit(MOST_SCANS)
    ).all()
    forecasts = np.cumsum([scan.pods for scan in oldest])
    most = max(FEWEST_SCANS, int(np.searchsorted(forecasts, FORECASTS_AT_ONCE, side="right")))
    _delete(connection, [scan.id for scan in oldest[:most]])
    finished = len(oldest) <= most and len(oldest) < MOST_SCANS
    pods = _purge_pods(connection, watcher, before) if finished else 0
    return min(len(oldest), most), pods


def _delete(connection: Connection, scans: list[int]) -> None:
    for table in (FORECASTS, TALLIES, NOTIFICATIONS, FAILURES):
        connection.execute(delete(table).where(table.c.scan_id.in_(scans)))
    connection.execute(delete(SCANS).where(SCANS.c.id.in_(scans)))


def _purge_pods(connection: Connection, watcher: int, before: float) -> int:
    """Delete pods of which no scan is left, see ``SEEN_EVERY_SECONDS``."""
    unseen = (
        select(PODS.c.id)
        .where(PODS.c.watcher_id == watcher, PODS.c.seen_at < before - SEEN_EVERY_SECONDS)
        .limit(PODS_AT_ONCE)
    )
    return connection.execute(delete(PODS).where(PODS.c.id.in_(unseen))).rowcount


def clear(connection: Connection, watcher: int) -> None:
    """Delete everything of one watcher."""
    scans = select(SCANS.c.id).where(SCANS.c.watcher_id == watcher)
    for table in (FORECASTS, TALLIES, NOTIFICATIONS, FAILURES):
        connection.execute(delete(table).where(table.c.scan_id.in_(scans)))
    for table in (SCANS, PODS, STATE):
        connection.execute(delete(table).where(table.c.watcher_id == watcher))

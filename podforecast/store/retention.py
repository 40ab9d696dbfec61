"""Deleting what is older than is wanted, a little at a time."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from podforecast.store.pods import SEEN_EVERY_SECONDS
from podforecast.store.tables import FAILURES, FORECASTS, NOTIFICATIONS, PODS, SCANS, STATE, TALLIES

FORECASTS_AT_ONCE = 40_000
"""Per call, which is some 0.1 s. A tick waits for it."""
MOST_SCANS = 100
FEWEST_SCANS = 2
"""Per call whatever their size: one is added at every tick, so that old ones do grow fewer."""


def purge(connection: Connection, watcher: int, before: float) -> int:
    """Delete a bounded number of the oldest scans with all that belongs to them.

    Returns
    -------
    int
        Scans deleted; 0 when none is left, and only then pods that nobody refers to go as well.
    """
    oldest = (
        select(SCANS.c.id, SCANS.c.pods)
        .where(SCANS.c.watcher_id == watcher, SCANS.c.at < before)
        .order_by(SCANS.c.at)
        .limit(MOST_SCANS)
    )
    chosen: list[int] = []
    forecasts = 0
    for number, pods in connection.execute(oldest):
        if len(chosen) >= FEWEST_SCANS and forecasts + pods > FORECASTS_AT_ONCE:
            break
        chosen.append(number)
        forecasts += pods
    _delete(connection, chosen)
    return len(chosen)


def _delete(connection: Connection, scans: list[int]) -> None:
    for table in (FORECASTS, TALLIES, NOTIFICATIONS, FAILURES):
        connection.execute(delete(table).where(table.c.scan_id.in_(scans)))
    connection.execute(delete(SCANS).where(SCANS.c.id.in_(scans)))


def purge_pods(connection: Connection, watcher: int, before: float) -> int:
    """Delete pods of which no scan is left, see ``SEEN_EVERY_SECONDS``."""
    unseen = PODS.c.seen_at < before - SEEN_EVERY_SECONDS
    return connection.execute(delete(PODS).where(PODS.c.watcher_id == watcher, unseen)).rowcount


def clear(connection: Connection, watcher: int) -> None:
    """Delete everything of one watcher."""
    scans = select(SCANS.c.id).where(SCANS.c.watcher_id == watcher)
    for table in (FORECASTS, TALLIES, NOTIFICATIONS, FAILURES):
        connection.execute(delete(table).where(table.c.scan_id.in_(scans)))
    for table in (SCANS, PODS, STATE):
        connection.execute(delete(table).where(table.c.watcher_id == watcher))

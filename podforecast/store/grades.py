"""Writing down what came of a scan's forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, func, insert, select, update

from podforecast.domain.history import BIN_EDGES, GradedScan, Outcome, Outcomes
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import Array
from podforecast.store.pods import Known
from podforecast.store.tables import FAILURES, FORECASTS, NOTIFICATIONS, SCANS, TALLIES

AT_ONCE = 1000
"""Rows per statement; SQLite takes 32 766 parameters."""


def ungraded(
    connection: Connection, watcher: int, graded: GradedScan
) -> Row[*tuple[Any, ...]] | None:
    """Find the scan, unless it is graded already or no longer kept."""
    query = select(SCANS).where(
        SCANS.c.watcher_id == watcher, SCANS.c.at == graded.at, SCANS.c.graded.is_(False)
    )
    scan = connection.execute(query).first()
    if scan is not None and len(graded.outcomes) != scan.pods:
        raise ValueError(f"{len(graded.outcomes)} outcomes for a scan of {scan.pods} pods")
    return scan


def write(
    connection: Connection,
    scan: Row[*tuple[Any, ...]],
    graded: GradedScan,
    pods: Mapping[PodRef, Known],
) -> None:
    """Write what came of one ungraded scan."""
    probability = _probabilities(connection, scan.id)
    judged = (graded.outcomes != Outcome.NOT_JUDGED) & ~np.isnan(probability)
    _write_outcomes(connection, scan.id, graded.outcomes)
    _write_tallies(connection, scan.id, probability[judged], graded.outcomes[judged])
    _write_notifications(connection, scan.id, graded, pods)
    _write_failures(connection, scan.id, graded, pods)
    connection.execute(
        update(SCANS)
        .where(SCANS.c.id == scan.id)
        .values(graded=True, pod_seconds=int(judged.sum()) * _seconds_covered(connection, scan))
    )


def _probabilities(connection: Connection, scan: int) -> Array:
    query = (
        select(FORECASTS.c.probability)
        .where(FORECASTS.c.scan_id == scan)
        .order_by(FORECASTS.c.place)
    )
    return np.array(connection.scalars(query).all(), dtype=np.float64)


def _write_outcomes(connection: Connection, scan: int, outcomes: Outcomes) -> None:
    """Write those that are something; nothing happened to the others."""
    for outcome in (Outcome.FAILED, Outcome.NOT_JUDGED):
        places = np.flatnonzero(outcomes == outcome).tolist()
        for start in range(0, len(places), AT_ONCE):
            chunk = places[start : start + AT_ONCE]
            connection.execute(
                update(FORECASTS)
                .where(FORECASTS.c.scan_id == scan, FORECASTS.c.place.in_(chunk))
                .values(outcome=int(outcome))
            )


def _write_tallies(
    connection: Connection, scan: int, probability: Array, outcomes: Outcomes
) -> None:
    bins = len(BIN_EDGES) - 1
    which = np.clip(np.searchsorted(BIN_EDGES, probability, side="right") - 1, 0, bins - 1)
    failed = (outcomes == Outcome.FAILED).astype(np.float64)
    sums = [
        np.bincount(which, weights=weights, minlength=bins)
        for weights in (np.ones_like(failed), probability, failed, (probability - failed) ** 2)
    ]
    rows = [
        {"scan_id": scan, "bin": place, "forecasts": int(sums[0][place]),
         "probability": float(sums[1][place]), "failed": int(sums[2][place]),
         "squared_error": float(sums[3][place])}
        for place in np.flatnonzero(sums[0]).tolist()
    ]  # fmt: skip
    if rows:
        connection.execute(insert(TALLIES), rows)


def _write_notifications(
    connection: Connection, scan: int, graded: GradedScan, pods: Mapping[PodRef, Known]
) -> None:
    rows = [
        {"scan_id": scan, "pod_id": pods[told.pod].number, "at": told.at, "failed": told.failed}
        for told in {told.pod: told for told in graded.notifications}.values()
    ]
    if rows:
        connection.execute(insert(NOTIFICATIONS), rows)


def _write_failures(
    connection: Connection, scan: int, graded: GradedScan, pods: Mapping[PodRef, Known]
) -> None:
    """Write the failures that are not known yet: after a restart some may be told again."""
    for told in graded.failures:
        number = pods[told.failure.pod].number
        same = select(FAILURES.c.at).where(
            FAILURES.c.pod_id == number, FAILURES.c.at == told.failure.at
        )
        if connection.execute(same).first() is None:
            row = {"pod_id": number, "at": told.failure.at, "scan_id": scan,
                   "cause": str(told.failure.cause), "first": told.failure.first,
                   "announced_minutes": told.announced_minutes}  # fmt: skip
            connection.execute(insert(FAILURES), row)


def _seconds_covered(connection: Connection, scan: Row[*tuple[Any, ...]]) -> float:
    """How long a forecast of this scan is the newest one: until the next scan, or its horizon."""
    following = connection.execute(
        select(func.min(SCANS.c.at)).where(
            SCANS.c.watcher_id == scan.watcher_id, SCANS.c.at > scan.at
        )
    ).scalar()
    horizon = float(scan.horizon_seconds)
    return horizon if following is None else min(float(following) - float(scan.at), horizon)

"""Writing scans whole, and reading them whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Select, insert, select

from podforecast.domain.history import ScanRecord
from podforecast.domain.pods import PodRef
from podforecast.store.bulk import insert_forecasts
from podforecast.store.names import kept, restored
from podforecast.store.pods import Known, PodBook
from podforecast.store.tables import FORECASTS, SCANS


def is_kept(connection: Connection, watcher: int, at: float) -> bool:
    same = select(SCANS.c.id).where(SCANS.c.watcher_id == watcher, SCANS.c.at == at)
    return connection.execute(same).first() is not None


def write(
    connection: Connection, watcher: int, scan: ScanRecord, pods: Mapping[PodRef, Known]
) -> None:
    """Write one scan and its forecasts."""
    number = connection.execute(
        insert(SCANS).returning(SCANS.c.id),
        {
            "watcher_id": watcher,
            "at": scan.at,
            "model_version": kept(scan.model_version),
            "threshold": scan.threshold,
            "horizon_seconds": scan.horizon_seconds,
            "pods": len(scan.pods),
            "graded": False,
            "pod_seconds": 0.0,
        },
    ).scalar_one()
    if scan.pods:
        insert_forecasts(connection, number, scan, [pods[pod].number for pod in scan.pods])


def read(
    connection: Connection, chosen: Select[*tuple[Any, ...]], book: PodBook
) -> list[ScanRecord]:
    """Read the scans that a query of ``SCANS`` chooses, in its order."""
    return [_record(connection, row, book) for row in connection.execute(chosen).all()]


def _record(connection: Connection, scan: Row[*tuple[Any, ...]], book: PodBook) -> ScanRecord:
    query = (
        select(
            FORECASTS.c.pod_id, FORECASTS.c.probability, FORECASTS.c.at_risk, FORECASTS.c.failing
        )
        .where(FORECASTS.c.scan_id == scan.id)
        .order_by(FORECASTS.c.place)
    )
    numbers, probability, at_risk, failing = _columns(connection.execute(query).all(), 4)
    pods = book.of(connection, numbers)
    return ScanRecord(
        at=scan.at,
        model_version=restored(scan.model_version),
        threshold=scan.threshold,
        horizon_seconds=scan.horizon_seconds,
        pods=tuple(known.pod for known in pods),
        workloads=tuple(known.workload for known in pods),
        probability=np.array(probability, dtype=np.float64),
        at_risk=np.array(at_risk, dtype=np.bool_),
        failing=np.array(failing, dtype=np.bool_),
    )


def _columns(rows: Sequence[Row[*tuple[Any, ...]]], width: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width

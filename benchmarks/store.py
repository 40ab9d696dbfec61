"""What keeping and grading a scan costs, and how much room forecasts take, on both databases."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import psycopg

from benchmarks.figures import Figure
from podforecast.domain.history import GradedScan, Notification, Outcome, ScanRecord
from podforecast.domain.pods import PodRef
from podforecast.store.store import ForecastStore
from tests.store import postgresql_server

PODS = 2000
SCANS = 80
"""Twenty minutes of them: the forecasts of each take 5 minutes to be graded."""
STEP_SECONDS = 15.0
SCANS_A_DAY = 86_400 / STEP_SECONDS
TIMEOUT = timedelta(seconds=5)
TARGET_MS = 100
"""Together: a tick lasts 15 s, and finding out what to keep takes up to two of them."""


def store() -> Iterator[Figure]:
    """SQLite in a file; PostgreSQL too, where its programs are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "forecasts.db"
        yield from _measured("SQLite", f"sqlite:///{file}", lambda: _bytes_of_files(file.parent))
    if postgresql_server.programs() is not None:
        with postgresql_server.running(safe=True) as server:
            url = server.new_database("bench")
            yield from _measured("PostgreSQL", url, lambda: _bytes_of_tables(url))


def _measured(name: str, url: str, size: Callable[[], int]) -> Iterator[Figure]:
    kept = ForecastStore.open(url, timeout=TIMEOUT)
    first = _timed(lambda: kept.record(_scan(0)))
    yield Figure(figure=f"{name}: first scan of {PODS} new pods", value=first, unit="ms")
    before = size()
    recorded = [_recorded(kept, number) for number in range(1, SCANS)]
    graded = [_timed(lambda: _grade_oldest(kept)) for _ in range(SCANS)]
    tracked = [_timed(lambda: kept.track(since=0.0)) for _ in range(5)]
    one, other = statistics.median(recorded), statistics.median(graded)
    yield Figure(figure=f"{name}: record a scan of {PODS} pods", value=round(one, 1), unit="ms")
    yield Figure(figure=f"{name}: read one that is due and grade it", value=round(other, 1),
                 unit="ms")  # fmt: skip
    yield Figure(figure=f"{name}: record and grade", value=round(one + other, 1), unit="ms",
                 target=f"<= {TARGET_MS}")  # fmt: skip
    yield Figure(figure=f"{name}: track record of {SCANS} scans",
                 value=round(statistics.median(tracked), 1), unit="ms")  # fmt: skip
    a_day = (size() - before) / (PODS * (SCANS - 1)) * SCANS_A_DAY
    yield Figure(figure=f"{name}: room of 1000 pods and a day", value=round(a_day / 1e3),
                 unit="MB")  # fmt: skip
    yield _purging(name, kept)
    kept.close()


def _purging(name: str, kept: ForecastStore) -> Figure:
    took = [_timed(lambda: kept.purge(_scan(SCANS).at)) for _ in range(2)]
    return Figure(figure=f"{name}: one purge, at most", value=max(took), unit="ms")


def _recorded(kept: ForecastStore, number: int) -> float:
    scan = _scan(number)
    return _timed(lambda: kept.record(scan))


def _timed(act: Callable[[], object]) -> float:
    """Milliseconds by the clock on the wall: most of the work is not in this process."""
    start = time.perf_counter()
    act()
    return round(1e3 * (time.perf_counter() - start), 1)


def _scan(number: int) -> ScanRecord:
    """Probabilities as of a quiet fleet: nearly all near 0, one pod in a hundred at risk."""
    random = np.random.default_rng(number)
    probability = np.where(random.random(PODS) < 0.01, 0.7, 0.02 * random.random(PODS))
    pods = tuple(PodRef(f"team-{index % 40}", f"app-{index // 5}-7d9f8-{index}")
                 for index in range(PODS))  # fmt: skip
    return ScanRecord(
        at=1.8e9 + STEP_SECONDS * number,
        model_version="2026-11-21-1",
        threshold=0.5,
        horizon_seconds=300.0,
        pods=pods,
        workloads=tuple(f"app-{index // 5}" for index in range(PODS)),
        probability=probability,
        at_risk=probability >= 0.5,
        failing=np.zeros(PODS, dtype=np.bool_),
    )


def _grade_oldest(kept: ForecastStore) -> None:
    (scan,) = kept.due(1e12, limit=1)
    at_risk = np.flatnonzero(scan.at_risk)
    outcomes = np.where(scan.at_risk, Outcome.FAILED, Outcome.NOTHING).astype(np.int8)
    told = tuple(Notification(pod=scan.pods[place], at=scan.at, failed=True) for place in at_risk)
    kept.grade([GradedScan(at=scan.at, outcomes=outcomes, notifications=told)])


def _bytes_of_files(folder: Path) -> int:
    """Of the database without its write-ahead log, which does not grow for ever."""
    with sqlite3.connect(folder / "forecasts.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return (folder / "forecasts.db").stat().st_size


def _bytes_of_tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0

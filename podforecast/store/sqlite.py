"""How SQLite is connected to."""

from __future__ import annotations

import sqlite3
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from podforecast.errors import StoreRefused

LARGEST_LOG_BYTES = 64 * 2**20
"""To which SQLite cuts its write-ahead log back."""
WAIT_SECONDS = 0.02


OLDEST = (3, 35, 0)
"""UPDATE ... FROM and RETURNING."""


def refuse_old_sqlite(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> None:
    """Python comes with whatever SQLite its machine has."""
    if version < OLDEST:
        raise StoreRefused(
            f"this Python has SQLite {'.'.join(map(str, version))}; the store needs"
            f" {'.'.join(map(str, OLDEST))}",
            hint="Use a newer Python or system, PostgreSQL, or the container image.",
        )


def sqlite_engine(url: URL, timeout: timedelta, **pool: Any) -> Engine:  # noqa: ANN401
    """Connect to a file; ``timeout`` is how long to wait for another writer of it."""
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": timeout.total_seconds()}, **pool
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        _log_ahead(connection, timeout.total_seconds())
        # What is acknowledged survives a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG_BYTES}")

    return _with_transactions(engine)


def memory_engine() -> Engine:
    """Hold everything in one connection, which all threads share."""
    return _with_transactions(
        create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    )


def _with_transactions(engine: Engine) -> Engine:
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # Python would begin transactions by itself, and not before the first write.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def _log_ahead(connection: sqlite3.Connection, seconds: float) -> None:
    """Let readers and the writer not wait for each other; the file remembers it."""
    until = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Of those that open a new file at once one may switch, and SQLite waits for no lock.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(WAIT_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer.
    writes = connection.get_execution_options().get("podforecast") == "writes"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

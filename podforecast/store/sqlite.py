"""How SQLite is connected to."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

LARGEST_LOG_BYTES = 64 * 2**20
"""To which SQLite cuts its write-ahead log back."""


def sqlite_engine(url: URL, timeout: timedelta, **pool: Any) -> Engine:  # noqa: ANN401
    """Connect to a file; ``timeout`` is how long to wait for another writer of it."""
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": timeout.total_seconds()}, **pool
    )
    event.listen(engine, "connect", _prepare_file)
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


def _prepare_file(connection: sqlite3.Connection, _record: object) -> None:
    for setting in (
        "journal_mode = WAL",  # readers do not wait for the writer
        "synchronous = FULL",  # what is acknowledged survives a power cut
        f"journal_size_limit = {LARGEST_LOG_BYTES}",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer.
    writes = connection.get_execution_options().get("podforecast") == "writes"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

"""How each kind of database is connected to."""

from __future__ import annotations

import math
import sqlite3
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from podforecast.store.address import Address

CONNECTIONS = 2
"""The watcher's, and one for whoever asks for the track record."""
MORE_CONNECTIONS = 3
LARGEST_LOG_BYTES = 64 * 2**20
"""To which SQLite cuts its write-ahead log back."""


def sqlite_engine(address: Address, timeout: timedelta) -> Engine:
    """Connect to a file, or to memory that ends with the process."""
    options: dict[str, Any] = {"connect_args": {"timeout": timeout.total_seconds()}}
    if address.in_memory:
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    else:
        options |= _pool(timeout)
    engine = create_engine(address.url, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _pool(timeout: timedelta) -> dict[str, Any]:
    return {
        "pool_size": CONNECTIONS,
        "max_overflow": MORE_CONNECTIONS,
        "pool_timeout": timeout.total_seconds(),
    }


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python would begin transactions by itself, and not before the first write.
    connection.isolation_level = None
    for setting in (
        "journal_mode = WAL",  # readers do not wait for the writer
        "synchronous = FULL",  # what is acknowledged survives a power cut
        "foreign_keys = ON",
        f"journal_size_limit = {LARGEST_LOG_BYTES}",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer.
    writes = connection.get_execution_options().get("podforecast") == "writes"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def postgresql_engine(address: Address, timeout: timedelta) -> Engine:
    """Connect to a server, and never wait for it longer than ``timeout``."""
    milliseconds = math.ceil(timeout.total_seconds() * 1000)
    limits = {
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": 2 * milliseconds,
    }
    return create_engine(
        address.url,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": math.ceil(timeout.total_seconds()),
            "application_name": "podforecast",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        },
        **_pool(timeout),
    )

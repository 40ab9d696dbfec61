"""Connections and transactions, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from podforecast.errors import StoreUnavailable
from podforecast.store.address import Address
from podforecast.store.files import identity, make_room
from podforecast.store.sqlite import memory_engine, refuse_old_sqlite, sqlite_engine
from podforecast.store.troubles import AGAIN, tables_are_gone, told

CONNECTIONS = 5
"""At most: the watcher's, and those of others that read at the same time. Made when needed, and
then kept: after each that is made, numbers are looked up again."""


def _engine(address: Address, timeout: timedelta) -> Engine:
    if address.is_sqlite:
        refuse_old_sqlite()
    if address.in_memory:
        return memory_engine()
    pool = {
        "pool_size": CONNECTIONS,
        "max_overflow": 0,
        "pool_timeout": timeout.total_seconds(),
    }
    if address.is_sqlite:
        return sqlite_engine(address.url, timeout, **pool)
    # Only who uses a PostgreSQL loads its driver.
    from podforecast.store.postgresql import postgresql_engine

    return postgresql_engine(address.url, timeout, **pool)


class Database:
    """Gives transactions, and says what goes wrong in them in our own words.

    Nothing is connected before the first transaction. A connection that broke is thrown away, and
    the next transaction makes a new one: coming back needs no restart.
    """

    def __init__(self, address: Address, *, timeout: timedelta) -> None:
        self.address = address
        self.is_new = True
        """Its tables may be missing, of an older shape, or hold other numbers than before."""
        self._engine = _engine(address, timeout)
        if not address.is_sqlite:
            event.listen(self._engine, "connect", self._meet)
        # One connection holds a database in memory, so threads take turns.
        self._turn = threading.RLock() if address.in_memory else nullcontext()
        self._file: tuple[int, int] | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of the database, whatever others write meanwhile."""
        with self._transaction("reads") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All of it, or nothing.

        Raises
        ------
        StoreUnavailable
            If it could not be done now.
        StoreRefused
            If trying again would not help.
        """
        with self._transaction("writes") as connection:
            yield connection

    @contextmanager
    def _transaction(self, purpose: str) -> Iterator[Connection]:
        try:
            with self._turn, self._engine.connect() as connection:
                connection = connection.execution_options(**self._options(purpose))
                with connection.begin():
                    yield connection
        except (DBAPIError, self._engine.dialect.loaded_dbapi.Error) as error:
            self.is_new = self.is_new or tables_are_gone(error)
            raise told(error, self.address) from error
        except PoolTimeout as error:
            raise StoreUnavailable(
                f"the store ({self.address}) is busy: no connection became free in time",
                hint=AGAIN,
            ) from error

    def _meet(self, *_connection: object) -> None:
        """Take a server for new with each connection: it may be a standby, or a backup put back."""
        self.is_new = True

    def _options(self, purpose: str) -> dict[str, str]:
        one_state = purpose == "reads" and not self.address.is_sqlite  # which has no other way
        return {
            "podforecast": purpose,
            **({"isolation_level": "REPEATABLE READ"} if one_state else {}),
        }

    def leave_lost_file(self) -> None:
        """Let go of a file that was deleted or replaced: what is written to it would be lost."""
        if self.address.file is None:
            return
        found = identity(self.address.file)
        if found is None or found != self._file:
            make_room(self.address)
            self._engine.dispose()
            self.is_new = True
        self._file = found

    def settle(self) -> None:
        """Take the database as it is now for known."""
        self.is_new = False
        self._file = identity(self.address.file) if self.address.file else None

    def close(self) -> None:
        self._engine.dispose()

    def __repr__(self) -> str:
        return f"Database({self.address})"

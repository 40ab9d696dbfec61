"""Connections and transactions, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from podforecast.errors import StoreUnavailable
from podforecast.store.address import Address
from podforecast.store.engines import postgresql_engine, sqlite_engine
from podforecast.store.troubles import told


class Database:
    """Gives transactions, and says what goes wrong in them in our own words.

    Nothing is connected before the first transaction. A connection that broke is thrown away, and
    the next transaction makes a new one: coming back needs no restart.
    """

    def __init__(self, address: Address, *, timeout: timedelta) -> None:
        self.address = address
        self._timeout = timeout
        self._engine = self._new_engine()
        # One connection holds a database in memory, so threads take turns.
        self._turn = threading.RLock() if address.in_memory else nullcontext()

    def _new_engine(self) -> Engine:
        build = sqlite_engine if self.address.is_sqlite else postgresql_engine
        return build(self.address, self._timeout)

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
                connection = connection.execution_options(podforecast=purpose)
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            raise told(error, self.address) from error
        except PoolTimeout as error:
            raise StoreUnavailable(
                f"the store ({self.address}) is busy: no connection became free in time",
                hint="It is tried again with the next scan.",
            ) from error

    def close(self) -> None:
        self._engine.dispose()

    def __repr__(self) -> str:
        return f"Database({self.address})"

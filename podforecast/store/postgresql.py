"""A PostgreSQL that is never waited for longer than agreed. Imported only where one is used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.errors import OperationalError
from sqlalchemy import URL, Dialect, Engine, create_engine, event

WAKE_SECONDS = 0.1
"""How often a wait looks at the clock."""


def postgresql_engine(url: URL, timeout: timedelta, **pool: Any) -> Engine:  # noqa: ANN401
    """Connect to a server by psycopg.

    The server is told to give up a statement after ``timeout``. One that does not answer at all,
    because its machine or the way to it is gone, is given up by this side.
    """
    seconds = timeout.total_seconds()
    limits = {
        "statement_timeout": math.ceil(seconds * 1000),
        "lock_timeout": math.ceil(seconds * 1000),
        "idle_in_transaction_session_timeout": math.ceil(seconds * 2000),
    }
    connect = {
        "connect_timeout": max(math.ceil(seconds), 2),  # libpq takes no less
        "application_name": "podforecast",
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    engine = create_engine(
        url, hide_parameters=True, pool_pre_ping=True, connect_args=connect, **pool
    )

    @event.listens_for(engine, "do_connect")
    def bounded(
        _dialect: Dialect, _record: object, arguments: Sequence[Any], words: dict[str, Any]
    ) -> BoundedConnection:
        connection = BoundedConnection.connect(*arguments, **words)
        connection.answer_seconds = seconds
        return connection

    return engine


class BoundedConnection(psycopg.Connection[Any]):
    """Closes itself when the server does not answer."""

    answer_seconds: float | None = None

    def wait(
        self, gen: PQGen[RV], interval: float = WAKE_SECONDS, timeout: float | None = None
    ) -> RV:
        try:
            return super().wait(gen, interval, timeout or self.answer_seconds)
        except psycopg.errors._WaitTimeout:
            # Whatever the server is at, its answer would come in the wrong place.
            self.pgconn.finish()
            raise OperationalError(f"no answer within {self.answer_seconds:g} seconds") from None

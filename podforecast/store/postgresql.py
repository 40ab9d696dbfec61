"""A PostgreSQL that is never waited for longer than agreed. Imported only where one is used."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.errors import OperationalError
from sqlalchemy import URL, Dialect, Engine, create_engine, event

WAKE_SECONDS = 0.1
"""How often a wait looks at the clock."""
JUST_NOW_SECONDS = 0.05
SLOWER = 1.2
"""Than the server, which had better say itself what takes so long."""


class Patience:
    """How long a server is waited for, and when that was last too long."""

    def __init__(self, timeout: timedelta) -> None:
        self.seconds = timeout.total_seconds() * SLOWER
        self._ended = -math.inf

    def end(self) -> OperationalError:
        self._ended = time.monotonic()
        return OperationalError(f"no answer within {self.seconds:g} seconds")

    def check(self) -> None:
        """Do not wait once more for a server that has just been waited for in vain.

        The pool connects again when a connection proves dead.
        """
        if time.monotonic() - self._ended < JUST_NOW_SECONDS:
            raise OperationalError(f"no answer within {self.seconds:g} seconds")


class BoundedConnection(psycopg.Connection[Any]):
    """Closes itself when the server does not answer."""

    patience: Patience | None = None

    def wait(
        self, gen: PQGen[RV], interval: float = WAKE_SECONDS, timeout: float | None = None
    ) -> RV:
        if self.patience is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience.seconds)
        except psycopg.errors._WaitTimeout:
            # Whatever the server is at, its answer would come in the wrong place.
            self.pgconn.finish()
            raise self.patience.end() from None


def postgresql_engine(url: URL, timeout: timedelta, **pool: Any) -> Engine:  # noqa: ANN401
    """Connect to a server by psycopg.

    The server is told to give up a statement after ``timeout``. One that does not answer at all,
    because its machine or the way to it is gone, is given up by this side.
    """
    patience = Patience(timeout)
    engine = create_engine(
        url, hide_parameters=True, pool_pre_ping=True, connect_args=_words(url, timeout), **pool
    )

    @event.listens_for(engine, "do_connect")
    def bounded(
        _dialect: Dialect, _record: object, arguments: Sequence[Any], words: dict[str, Any]
    ) -> BoundedConnection:
        patience.check()
        connection = BoundedConnection.connect(*arguments, **words)
        connection.patience = patience
        return connection

    return engine


def _words(url: URL, timeout: timedelta) -> dict[str, Any]:
    milliseconds = math.ceil(timeout.total_seconds() * 1000)
    limits = {
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": 2 * milliseconds,
    }
    given = url.query.get("options", "")
    return {
        "connect_timeout": max(math.ceil(timeout.total_seconds()), 2),  # libpq takes no less
        "application_name": "podforecast",
        "options": " ".join(
            [str(given), *(f"-c {name}={value}" for name, value in limits.items())]
        ),
    }

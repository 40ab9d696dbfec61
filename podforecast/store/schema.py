"""Bringing a database to the shape that this version of the program knows."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from podforecast.errors import StoreRefused
from podforecast.store.address import address
from podforecast.store.database import Database

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_163_363_271
"""Of PostgreSQL's advisory locks; any number that nobody else takes ("podfc" on a telephone)."""


def head() -> str:
    """Revision that this program knows."""
    return _scripts().get_current_head() or ""


def current(connection: Connection) -> str:
    """Revision that the database has; empty without any."""
    return MigrationContext.configure(connection).get_current_revision() or ""


@dataclass(frozen=True, slots=True)
class Revisions:
    """Which shape a store has, and which this program knows."""

    store: str
    """Where it is, without secrets."""
    current: str
    """Empty where there is none yet."""
    known: str


def revisions(url: str, *, timeout: timedelta) -> Revisions:
    """Look at a store without changing it, or making one."""
    database = Database(address(url), timeout=timeout)
    try:
        return Revisions(str(database.address), _current(database), head())
    finally:
        database.close()


def _current(database: Database) -> str:
    file = database.address.file
    if file is not None and not file.exists():
        return ""
    with database.reading() as connection:
        return current(connection)


def bring_up_to_date(url: str, *, timeout: timedelta) -> Revisions:
    """Migrate a store as opening it would, and say where that led."""
    database = Database(address(url), timeout=timeout)
    try:
        database.leave_lost_file()
        migrate(database)
        return Revisions(str(database.address), _current(database), head())
    finally:
        database.close()


def migrate(database: Database) -> None:
    """Bring the database to :func:`head`, in one transaction.

    Two programs that start at once take turns; the second finds everything done.

    Raises
    ------
    StoreRefused
        If a newer program has made it: what that one keeps is not known here.
    """
    scripts = _scripts()
    with database.writing() as connection:
        # SQLite has locked the file already, by the way its transactions that write begin.
        if not database.address.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        found = current(connection)
        _refuse_newer(scripts, found, database)
        if found != scripts.get_current_head():
            _upgrade(connection, scripts)
            place = json.dumps(str(database.address))
            logger.info("event=store_migrated store=%s from=%s to=%s", place, found or None,
                        scripts.get_current_head())  # fmt: skip


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _refuse_newer(scripts: ScriptDirectory, found: str, database: Database) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if found and found not in known:
        raise StoreRefused(
            f"the store ({database.address}) has revision {found},"
            f" newer than {scripts.get_current_head()}, which this program knows",
            hint="Start the newer podforecast again, or give the URL of another database.",
        )


def _upgrade(connection: Connection, scripts: ScriptDirectory) -> None:
    def steps(revision: str, _context: MigrationContext) -> list[RevisionStep]:
        return scripts._upgrade_revs("head", revision)

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=connection, fn=steps)
        environment.run_migrations()

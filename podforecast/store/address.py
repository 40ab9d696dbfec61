"""Where the database is, without ever showing its password."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from podforecast.errors import StoreRefused

HINT = (
    "Use sqlite:///FOLDER/FILE.db, postgresql://USER:PASSWORD@HOST/DATABASE, or nothing for memory."
)
DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg",
           "postgres": "postgresql+psycopg"}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A database that podforecast can speak to."""

    url: URL
    """With its password: never in a message."""

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def in_memory(self) -> bool:
        return self.is_sqlite and self.url.database in {None, "", ":memory:"}

    @property
    def file(self) -> Path | None:
        """Of SQLite on disk."""
        on_disk = self.is_sqlite and not self.in_memory
        return Path(self.url.database or "") if on_disk else None

    def __str__(self) -> str:
        """What may be told: no user, no password, no options.

        >>> str(address("postgresql://anna:secret@db.example:5433/forecasts?sslmode=require"))
        'postgresql at db.example:5433/forecasts'
        >>> str(address("sqlite:///var/podforecast.db")), str(address(""))
        ('sqlite at var/podforecast.db', 'memory')
        """
        if self.in_memory:
            return "memory"
        port = f":{self.url.port}" if self.url.port else ""
        place = f"{self.url.host or ''}{port}/" if not self.is_sqlite else ""
        return f"{self.url.get_backend_name()} at {place}{self.url.database or ''}"

    __repr__ = __str__

    def masked(self, text: str) -> str:
        """Take the password out of what somebody else says."""
        password = self.url.password
        return text.replace(str(password), "***") if password else text


def address(url: str) -> Address:
    """Read a database URL; an empty one means memory.

    Raises
    ------
    StoreRefused
        If it is none, or of another database. The message holds nothing of it but its scheme:
        anything else might be a part of a password.
    """
    scheme = url.split("://", 1)[0] if "://" in url else ""
    driver = DRIVERS.get(scheme.split("+", 1)[0], "") if url else "sqlite+pysqlite"
    if not driver or scheme not in {"", driver, *DRIVERS}:
        told = f"databases of kind {scheme!r}" if scheme.replace("+", "").isalnum() else "this URL"
        raise StoreRefused(f"the store can not use {told}", hint=HINT)
    try:
        found = Address(make_url(url or "sqlite://").set(drivername=driver))
    except (ArgumentError, ValueError):
        # Not chained: the cause may quote the URL.
        raise StoreRefused(f"the {scheme} URL of the store can not be read", hint=HINT) from None
    if found.is_sqlite and (found.url.host or found.url.query):
        reason = f"the store can not use {scheme}://{found.url.host or ''} with a host or options"
        raise StoreRefused(reason, hint=f"A file has three slashes before it. {HINT}")
    return found

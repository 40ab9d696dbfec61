"""What a database complains about, as an error with a way out."""

from __future__ import annotations

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)

from podforecast.errors import PodforecastError, StoreRefused, StoreUnavailable
from podforecast.store.address import Address

LONGEST = 200
"""Characters of a complaint that are told on."""

REFUSED = {
    "authentication failed": "Check user and password in the URL of the store.",
    "no pg_hba.conf entry": "Let the server accept this user from this host (pg_hba.conf).",
    "does not exist": "Create it, or correct the URL of the store.",
    "permission denied": "Give the user the right to create tables and to write in them.",
    "not a database": "Move the file away, or give the URL of another one.",
    "is malformed": "The file is damaged: restore a backup, or move it away to begin anew.",
}
"""Part of what the database says, and what helps."""
LATER = {
    "locked": "Another program is writing to the file; end it if it does not finish.",
    "disk is full": "Make room on the disk, or shorten the retention.",
    "readonly": "The disk is read-only or full, or the file belongs to somebody else.",
    "read-only": "The server takes no writes now; give the URL of the primary.",
    "unable to open": "The folder is gone, or may not be written to.",
    "disk I/O": "Check the disk.",
}
ANSWER = "See whether the database runs, and answers in time."
FAULTS = (DataError, NotSupportedError, ProgrammingError)
"""What stays wrong however often it is tried."""
OTHERWISE = "Check the URL of the store, and whether another program changed its tables."
AGAIN = "The watcher tries again by itself."
TWICE = "Two watchers of one cluster and shard write here; give each its own shard."


def tables_are_gone(error: Exception) -> bool:
    """Whether the database was replaced by one that does not know us."""
    cause = _cause(error)
    return getattr(cause, "sqlstate", None) == "42P01" or "no such table" in str(cause)


def told(error: Exception, address: Address) -> PodforecastError:
    """Say what happened, without the statement and its parameters."""
    complaint = address.masked(str(_cause(error))).strip().split("\n", 1)[0][:LONGEST]
    message = f"the store ({address}) failed: {complaint}"
    if tables_are_gone(error):
        return StoreUnavailable(message, hint=f"The tables are made again. {AGAIN}")
    if isinstance(error, IntegrityError):
        return StoreUnavailable(message, hint=f"{TWICE} {AGAIN}")
    for part, hint in REFUSED.items():
        if part in complaint:
            return StoreRefused(message, hint=hint)
    for part, hint in LATER.items():
        if part in complaint:
            return StoreUnavailable(message, hint=f"{hint} {AGAIN}")
    if isinstance(error, FAULTS):
        return StoreRefused(message, hint=OTHERWISE)
    return StoreUnavailable(message, hint=f"{ANSWER} {AGAIN}")


def _cause(error: Exception) -> BaseException:
    """What the driver said; SQLAlchemy would add the statement."""
    return (error.orig or error) if isinstance(error, DBAPIError) else error

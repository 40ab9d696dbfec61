"""The file that SQLite keeps, before SQLite touches it."""

from __future__ import annotations

import os
from pathlib import Path

from podforecast.errors import StoreRefused
from podforecast.store.address import Address

HINT = "Give a path that this user may write to, or another URL of the store."


def make_room(address: Address) -> None:
    """Make the folder of the database file.

    Raises
    ------
    StoreRefused
        If the folder can not be made, or it or the file may not be written to.
    """
    file = address.file
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"the folder {file.parent} of the store can not be made: {error.strerror}"
        raise StoreRefused(reason, hint=HINT) from error
    if file.is_dir():
        raise StoreRefused(f"the store's file {file} is a folder", hint=HINT)
    for place in (file.parent, *([file] if file.exists() else [])):
        if not os.access(place, os.W_OK):
            raise StoreRefused(f"the store may not write to {place}", hint=HINT)


def identity(file: Path) -> tuple[int, int] | None:
    """What a file stays the same by, whatever is written to it; None if there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

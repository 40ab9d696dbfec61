"""What databases complain about becomes what a caller can do."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import exc

from podforecast.errors import StoreRefused, StoreUnavailable
from podforecast.store.address import address
from podforecast.store.troubles import told

PLACE = address("postgresql://anna:hunter2@db.example/forecasts")


@pytest.mark.parametrize(
    ("kind", "complaint", "becomes", "hint"),
    [
        pytest.param(exc.OperationalError, "FATAL: password authentication failed for user",
                     StoreRefused, "user and password", id="password"),
        pytest.param(exc.OperationalError, "FATAL: no pg_hba.conf entry for host",
                     StoreRefused, "pg_hba", id="not let in"),
        pytest.param(exc.ProgrammingError, "permission denied for table scans",
                     StoreRefused, "right to create", id="rights"),
        pytest.param(exc.DatabaseError, "database disk image is malformed",
                     StoreRefused, "backup", id="damaged"),
        pytest.param(exc.ProgrammingError, 'syntax error at or near "x"',
                     StoreRefused, "another program", id="a fault"),
        pytest.param(exc.OperationalError, "FATAL: the database system is starting up",
                     StoreUnavailable, "tries again", id="starting"),
        pytest.param(exc.OperationalError, "FATAL: sorry, too many clients already",
                     StoreUnavailable, "tries again", id="full house"),
        pytest.param(exc.OperationalError, "could not extend file: No space left on device",
                     StoreUnavailable, "tries again", id="full disk of a server"),
        pytest.param(exc.InternalError, "cannot execute INSERT in a read-only transaction",
                     StoreUnavailable, "primary", id="standby"),
        pytest.param(exc.IntegrityError, "duplicate key value violates unique constraint",
                     StoreUnavailable, "its own shard", id="two of one shard"),
    ],
)  # fmt: skip
def test_a_complaint_tells_whether_trying_again_helps(kind, complaint, becomes, hint):
    error = kind("INSERT INTO secrets", {"name": "hunter2"}, sqlite3.Error(complaint))
    found = told(error, PLACE)
    assert type(found) is becomes
    assert found.message == f"the store (postgresql at db.example/forecasts) failed: {complaint}"
    assert hint in found.hint


def test_a_complaint_is_told_in_one_line_without_the_password():
    long = "could not connect with hunter2 " + "x" * 1000 + "\nat line 1"
    found = told(exc.OperationalError("", None, sqlite3.Error(long)), PLACE)
    assert "hunter2" not in found.message
    assert "\n" not in found.message
    assert len(found.message) < 300

"""Which databases are opened, and how the others are refused."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from podforecast.errors import PodforecastError, StoreRefused, StoreUnavailable
from podforecast.store import schema
from podforecast.store.address import address
from podforecast.store.database import Database
from podforecast.store.sqlite import refuse_old_sqlite
from podforecast.store.store import ForecastStore
from podforecast.store.tables import METADATA
from tests.store.conftest import DURABLE, TIMEOUT
from tests.store.made_up import START, scan
from tests.store.postgresql_server import PASSWORD, free_port

SECRET = "hunter2"  # noqa: S105 - the word that must not be seen


def opening(url, **more):
    """What opening a store raises."""
    with pytest.raises(PodforecastError) as caught:
        ForecastStore.open(url, timeout=timedelta(seconds=2), **more)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("url", "named"),
    [
        pytest.param("forecasts.db", "this URL", id="a path"),
        pytest.param(f"mysql://u:{SECRET}@h/db", "mysql", id="another database"),
        pytest.param(f"postgresql+asyncpg://u:{SECRET}@h/db", "asyncpg", id="another driver"),
        pytest.param(f"postgresql://u:{SECRET}@h:port/db", "postgresql", id="no port"),
        pytest.param(f"postgresql//u:{SECRET}@h/db", "this URL", id="a typing error"),
        pytest.param(f"{SECRET}@://", "this URL", id="nonsense"),
        pytest.param("sqlite://folder/x.db", "folder", id="two slashes"),
        pytest.param("sqlite:///x.db?mode=ro", "options", id="options of SQLite"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_secrets(url, named):
    refused = opening(url)
    assert isinstance(refused, StoreRefused)
    assert named in refused.message
    assert SECRET not in f"{refused.message}{refused.hint}{refused.__cause__}"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_no_form_of_an_address_shows_its_password(scheme):
    told = address(f"{scheme}://anna:{SECRET}@db.example/forecasts?password={SECRET}")
    shown = f"{told} {told!r} {Database(told, timeout=TIMEOUT)!r}"
    assert "db.example/forecasts" in shown
    assert SECRET not in shown


def test_the_password_is_taken_out_of_what_others_say():
    told = address(f"postgresql://anna:{SECRET}@db.example/forecasts")
    assert told.masked(f"bad conninfo: password={SECRET}") == "bad conninfo: password=***"


@pytest.mark.parametrize(
    ("place", "named"),
    [
        pytest.param("file/forecasts.db", "can not be made", id="a file where a folder should be"),
        pytest.param("folder", "is a folder", id="a folder where a file should be"),
        pytest.param("file", "not a database", id="another file"),
    ],
)
def test_a_file_that_can_not_be_a_database_is_refused(tmp_path, place, named):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"no database at all, but long enough to look at" * 50)
    refused = opening(f"sqlite:///{tmp_path / place}")
    assert isinstance(refused, StoreRefused)
    assert named in refused.message
    assert str(tmp_path) in refused.message


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda _place, _mode: False)  # root may write anywhere
    refused = opening(f"sqlite:///{tmp_path}/forecasts.db")
    assert isinstance(refused, StoreRefused)
    assert f"may not write to {tmp_path}" in refused.message


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("user", "password", "database", "named"),
    [
        pytest.param("podforecast", SECRET, "postgres", "authentication failed", id="password"),
        pytest.param("nobody", PASSWORD, "postgres", "authentication failed", id="user"),
        pytest.param("podforecast", PASSWORD, "none", "does not exist", id="database"),
        pytest.param("reader", PASSWORD, "postgres", "permission denied", id="rights"),
    ],
)
def test_a_server_that_refuses_is_told_as_refusing(postgresql, user, password, database, named):
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    refused = opening(f"postgresql://{user}:{password}@127.0.0.1:{postgresql.port}/{database}")
    assert isinstance(refused, StoreRefused)
    assert named in refused.message
    assert password not in f"{refused.message}{refused.hint}{refused.__cause__}"


def test_a_port_that_nobody_listens_at_is_unavailable():
    failed = opening(f"postgresql://u:{SECRET}@127.0.0.1:{free_port()}/db")
    assert isinstance(failed, StoreUnavailable)
    assert "127.0.0.1" in failed.message
    assert SECRET not in f"{failed.message}{failed.hint}{failed.__cause__}"


def test_a_server_that_never_answers_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        failed = opening(f"postgresql://u:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/db")
        assert time.monotonic() - began < 4.0
    assert isinstance(failed, StoreUnavailable)


def _answer_as_a_web_server(web):
    visitor, _ = web.accept()
    with visitor:
        visitor.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_something_else_than_a_database_server_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as web, ThreadPoolExecutor(1) as pool:
        pool.submit(_answer_as_a_web_server, web)
        failed = opening(f"postgresql://u:{SECRET}@127.0.0.1:{web.getsockname()[1]}/db")
    assert isinstance(failed, StoreUnavailable)


@pytest.mark.parametrize("kind", DURABLE, indirect=True)
def test_a_database_of_a_newer_program_is_refused_with_both_revisions(opened, url, kind):
    database = opened()._database
    try:
        _set_revision(database, "9999")
        refused = opening(url)
    finally:
        _set_revision(database, schema.head())
    assert isinstance(refused, StoreRefused)
    assert re.search(r"revision 9999, newer than \d{4}", refused.message)


def _set_revision(database, revision):
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608


@pytest.mark.parametrize("kind", DURABLE, indirect=True)
def test_migrations_make_the_tables_that_the_program_knows(opened, kind):
    with opened()._database.reading() as connection:
        assert schema.current(connection) == schema.head()
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.parametrize("kind", DURABLE, indirect=True)
def test_programs_that_start_at_once_make_the_tables_once(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path}/new/forecasts.db"
    if kind == "postgresql":
        url = request.getfixturevalue("empty_database")

    def start(number):
        store = ForecastStore.open(url, shard=f"{number + 1}/6", timeout=TIMEOUT)
        store.record(scan())
        found = len(store.due(START))
        store.close()
        return found

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(start, range(6))) == [1] * 6


@pytest.mark.parametrize("kind", DURABLE, indirect=True)
def test_a_migration_that_is_cut_short_leaves_nothing(kind, request, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/new/forecasts.db"
    if kind == "postgresql":
        url = request.getfixturevalue("empty_database")
    upgrade = schema._upgrade

    def cut_short(connection, scripts):
        upgrade(connection, scripts)
        raise KeyboardInterrupt

    monkeypatch.setattr(schema, "_upgrade", cut_short)
    with pytest.raises(KeyboardInterrupt):
        ForecastStore.open(url, timeout=TIMEOUT)
    assert schema.revisions(url, timeout=TIMEOUT).current == ""
    monkeypatch.undo()
    ForecastStore.open(url, timeout=TIMEOUT).close()
    assert schema.revisions(url, timeout=TIMEOUT).current == schema.head()


def test_a_store_in_memory_ends_with_it():
    for _ in range(2):
        store = ForecastStore.open("", timeout=TIMEOUT)
        assert store.due(START) == []
        store.record(scan())
        store.close()


def test_the_file_takes_readers_while_somebody_writes(tmp_path):
    store = ForecastStore.open(f"sqlite:///{tmp_path}/forecasts.db", timeout=TIMEOUT)
    store.record(scan())
    with sqlite3.connect(tmp_path / "forecasts.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(store.due(START)) == 1
    other.close()
    store.close()


def test_an_sqlite_that_is_too_old_is_refused_with_both_versions():
    with pytest.raises(StoreRefused, match=r"SQLite 3\.31\.1; the store needs 3\.35\.0"):
        refuse_old_sqlite((3, 31, 1))

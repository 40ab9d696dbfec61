"""The database goes, and comes back; the store says so, and goes on by itself."""

from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3
import time
from datetime import timedelta

import pytest

from podforecast.domain.pods import PodRef
from podforecast.errors import StoreUnavailable
from podforecast.store.store import ForecastStore
from tests.store.conftest import TIMEOUT
from tests.store.made_up import PODS, START, STEP, graded, many, same, scan
from tests.store.postgresql_server import PASSWORD

SHORT = timedelta(seconds=0.3)
EVER = START + 1e6


@pytest.fixture
def file(tmp_path):
    return tmp_path / "history" / "forecasts.db"


@pytest.fixture
def on_file(file):
    store = ForecastStore.open(f"sqlite:///{file}", timeout=SHORT)
    yield store
    store.close()


@pytest.fixture
def server(postgresql):
    return postgresql


@pytest.fixture
def on_server(empty_database):
    store = ForecastStore.open(empty_database, timeout=timedelta(seconds=1))
    yield store
    store.close()


def fails(act, *arguments):
    """How it fails; within the time-out of the store and a second."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        act(*arguments)
    assert time.monotonic() - began < 2.5
    assert PASSWORD not in f"{caught.value.message}{caught.value.hint}{caught.value.__cause__}"
    return caught.value


def soon(act, *arguments):
    """Do it; a moment later if it can not be done yet."""
    until = time.monotonic() + 10.0
    while True:
        try:
            return act(*arguments)
        except StoreUnavailable:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_file_that_another_program_holds_is_waited_for_and_then_given_up(on_file, file):
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        failed = fails(on_file.record, scan())
        assert "locked" in failed.message
        assert "Another program" in failed.hint
        assert on_file.due(EVER) == []
        other.execute("COMMIT")
        on_file.record(scan())
    assert len(on_file.due(EVER)) == 1


def test_a_full_disk_loses_no_scan_that_was_there(on_file):
    on_file.record(many(2000, 0))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, unlimited[1]))
    try:
        failed = fails(on_file.record, many(2000, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert "disk" in failed.message
    assert failed.hint
    assert [found.at for found in on_file.due(EVER)] == [START]
    on_file.record(many(2000, 1))
    assert same(on_file.due(EVER)[1], many(2000, 1))


def test_a_disk_that_turns_read_only_is_told(on_file):
    with on_file._database.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    failed = fails(on_file.record, scan())
    assert "readonly" in failed.message
    assert "read-only" in failed.hint
    with on_file._database.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
    on_file.record(scan())
    assert len(on_file.due(EVER)) == 1


def test_a_file_that_is_deleted_is_made_again(on_file, file):
    on_file.record(scan(0))
    shutil.rmtree(file.parent)
    on_file.record(scan(1))
    with contextlib.closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT count(*) FROM forecasts").fetchone() == (3,)
    assert [found.at for found in on_file.due(EVER)] == [START + STEP]


def test_a_backup_that_is_put_back_is_used_at_once(on_file, file, tmp_path):
    on_file.record(scan(0))
    with (
        contextlib.closing(sqlite3.connect(file)) as source,
        contextlib.closing(sqlite3.connect(tmp_path / "backup")) as backup,
    ):
        source.backup(backup)
    on_file.record(scan(1))
    for part in file.parent.iterdir():
        part.unlink()
    shutil.move(tmp_path / "backup", file)
    on_file.record(scan(2))
    assert [found.at for found in on_file.due(EVER)] == [START, START + 2 * STEP]


@pytest.mark.postgres
def test_a_server_that_is_stopped_and_started_needs_no_restart_of_ours(on_server, server):
    on_server.record(scan(0))
    server.stop()
    try:
        for act, *arguments in (
            (on_server.record, scan(1)),
            (on_server.due, EVER),
            (on_server.grade, [graded(scan(0))]),
            (on_server.purge, EVER),
        ):
            fails(act, *arguments)
    finally:
        server.start()
    on_server.record(scan(1))
    assert [found.at for found in on_server.due(EVER)] == [START, START + STEP]


@pytest.mark.postgres
def test_a_server_that_restarts_between_two_scans_is_not_even_noticed(on_server, server):
    on_server.record(scan(0))
    server.stop()
    server.start()
    on_server.record(scan(1))
    assert len(on_server.due(EVER)) == 2


@pytest.mark.postgres
def test_a_server_that_stops_answering_is_given_up_in_time(on_server, server):
    on_server.record(scan(0))
    with server.frozen():
        assert "no answer within 1.2 seconds" in fails(on_server.record, scan(1)).message
    soon(on_server.record, scan(1))
    assert len(on_server.due(EVER)) == 2


@pytest.mark.postgres
def test_a_table_that_somebody_locks_is_waited_for_and_then_given_up(on_server, empty_database):
    other = ForecastStore.open(empty_database, cluster="other", timeout=TIMEOUT)
    with other._database.writing() as connection:
        connection.exec_driver_sql("LOCK TABLE scans")
        assert "timeout" in fails(on_server.record, scan()).message
    other.close()
    on_server.record(scan())
    assert len(on_server.due(EVER)) == 1


@pytest.mark.postgres
def test_a_database_that_was_made_anew_gets_its_tables_again(on_server):
    on_server.record(scan(0))
    with on_server._database.writing() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    fails(on_server.record, scan(1))
    on_server.record(scan(2))
    assert [found.at for found in on_server.due(EVER)] == [START + 2 * STEP]


@pytest.mark.postgres
def test_a_server_that_comes_back_with_other_numbers_mixes_nothing_up(on_server, empty_database):
    """A backup was put back, or a standby that lacks the latest rows took over."""
    on_server.record(scan(0))
    theirs = tuple(PodRef("theirs", pod.name) for pod in PODS)
    other = ForecastStore.open(empty_database, cluster="other", timeout=TIMEOUT)
    with other._database.writing() as connection:
        connection.exec_driver_sql("TRUNCATE watchers, pods, scans, forecasts, state"
                                   " RESTART IDENTITY")  # fmt: skip
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.close()
    other = ForecastStore.open(empty_database, cluster="other", timeout=TIMEOUT)
    other.record(scan(0, pods=theirs))
    on_server.record(scan(1))
    assert [found.pods for found in on_server.due(EVER)] == [PODS]
    assert [found.pods for found in other.due(EVER)] == [theirs]
    other.close()

"""Stores on every kind of database."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from podforecast.store.store import ForecastStore
from tests.store import postgresql_server

TIMEOUT = timedelta(seconds=5)
KINDS = ["memory", "file", pytest.param("postgresql", marks=pytest.mark.postgres)]
DURABLE = KINDS[1:]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgresql():
    with postgresql_server.running() as server:
        yield server


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="session")
def database(postgresql):
    """URL of a database that tests share; each has clusters of its own in it."""
    return postgresql.new_database("shared")


@pytest.fixture
def empty_database(postgresql):
    return postgresql.new_database(f"test_{next(_numbers)}")


@pytest.fixture
def url(kind, tmp_path, request):
    if kind == "postgresql":
        return request.getfixturevalue("database")
    return f"sqlite:///{tmp_path}/history/forecasts.db" if kind == "file" else ""


@pytest.fixture
def opened(url):
    """Opens stores on one database, and closes them at the end."""
    stores = []
    own = f"cluster {next(_numbers)} "

    def open_store(cluster="", shard="1/1", timeout=TIMEOUT):
        stores.append(ForecastStore.open(url, cluster=own + cluster, shard=shard, timeout=timeout))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


@pytest.fixture
def store(opened):
    return opened()

"""``python -m podforecast store``, and what is loaded for a store."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from podforecast.cli.main import application
from podforecast.errors import StoreUnavailable
from podforecast.store.schema import head
from podforecast.store.store import ForecastStore
from tests.store.conftest import TIMEOUT
from tests.store.made_up import START, scan
from tests.store.postgresql_server import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("PODFORECAST_STORE__URL", f"sqlite:///{tmp_path}/history/forecasts.db")
    return tmp_path / "history" / "forecasts.db"


def run(*arguments):
    return CliRunner().invoke(application, ["store", *arguments])


def test_a_database_that_is_down_ends_the_command_without_its_password(monkeypatch):
    url = f"postgresql://u:hunter2@127.0.0.1:{free_port()}/db"
    monkeypatch.setenv("PODFORECAST_STORE__URL", url)
    done = run("current")
    assert isinstance(done.exception, StoreUnavailable)
    assert "hunter2" not in f"{done.output}{done.exception.message}{done.exception.hint}"


def test_looking_for_a_store_does_not_make_one(file):
    done = run("current")
    assert "revision none" in done.output
    assert not file.parent.exists()


def test_a_new_store_is_brought_to_the_revision_of_the_program(file):
    assert f"revision {head()}" in run("upgrade").output
    answer = json.loads(run("current", "--json").output)
    assert answer == {"store": f"sqlite at {file}", "current": head(), "known": head()}


def test_upgrading_keeps_what_is_there(file):
    store = ForecastStore.open(f"sqlite:///{file}", timeout=TIMEOUT)
    store.record(scan())
    run("upgrade")
    assert len(store.due(START)) == 1
    store.close()


def test_a_store_on_sqlite_loads_no_driver_of_postgresql():
    program = (
        "import sys, datetime\n"
        "from podforecast.store.store import ForecastStore\n"
        "ForecastStore.open('', timeout=datetime.timedelta(seconds=1)).close()\n"
        "print('psycopg' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout == "False\n"

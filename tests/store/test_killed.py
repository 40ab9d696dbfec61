"""A writer that is killed in the middle of its work leaves whole scans only."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from podforecast.store.tables import FORECASTS, NOTIFICATIONS, SCANS, TALLIES
from tests.store.conftest import DURABLE
from tests.store.endless_writer import PODS
from tests.store.made_up import START, STEP, many, same

ROOT = Path(__file__).parents[2]
LIVES = 2
"""Writers that are killed one after the other, each at another point of its work."""


def killed_after(url, cluster, *, first, lines, seconds):
    """Kill a writer a moment after some lines; gives what it had acknowledged."""
    command = [sys.executable, "-m", "tests.store.endless_writer", url, cluster, str(first)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        told = []
        while len(told) < lines:
            told.append(writer.stdout.readline().split())
        time.sleep(seconds)  # not a wait: the kill has to come at any moment
        writer.kill()
        told += [line.split() for line in writer.stdout.read().splitlines()]
    assert writer.returncode == -9
    return told


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", DURABLE, indirect=True)
def test_every_acknowledged_scan_is_whole_and_there_is_no_half_one(opened, url, kind):
    store = opened(cluster="killed")
    cluster = store._name["cluster"]
    acknowledged = set()
    for life in range(LIVES):
        told = killed_after(url, cluster, first=100 * life, lines=5 + life, seconds=0.005 * life)
        acknowledged |= {(what, int(number)) for what, number in told}

    found = {round((record.at - START) / STEP): record for record in store.recent(0.0)}
    assert {number for what, number in acknowledged if what == "recorded"} <= found.keys()
    assert all(same(record, many(PODS, number)) for number, record in found.items())

    due = {round((record.at - START) / STEP) for record in store.due(START + 1e9, limit=10**6)}
    graded = {number for what, number in acknowledged if what == "graded"}
    assert not graded & due
    with store._database.reading() as connection:
        scans = connection.execute(select(SCANS)).all()
        mine = {scan.id for scan in scans if scan.watcher_id == store._watcher}
        judged = {scan.id for scan in scans if scan.id in mine and scan.graded}
        assert mine <= _scans_of(connection, FORECASTS) <= {scan.id for scan in scans}
        assert _scans_of(connection, TALLIES) & mine == judged
        assert _scans_of(connection, NOTIFICATIONS) & mine == judged


def _scans_of(connection, table):
    return set(connection.scalars(select(table.c.scan_id).distinct()))

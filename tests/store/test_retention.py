"""What is old goes, a little at a time, and leaves nothing behind."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from podforecast.domain.pods import PodRef
from podforecast.store import retention
from podforecast.store.pods import SEEN_EVERY_SECONDS
from podforecast.store.tables import METADATA
from tests.store.made_up import PODS, START, STEP, failure, graded, scan

EVER = START + 1e6
SHORTEST_INTERVAL_SECONDS = 15.0
"""Between scans, see the setting; the historian purges once a minute."""


def fill(store, count, *, first=0):
    for number in range(first, first + count):
        record = scan(number)
        store.record(record)
        store.grade([graded(record, notified=[(1, True)], failures=[failure(at=record.at + 5)])])


def purge_all(store, before):
    deleted = 0
    while some := store.purge(before):
        deleted += some
    return deleted


def rows_of(store):
    """How many rows there are in each table."""
    with store._database.reading() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in METADATA.tables.items()
        }


def test_nothing_that_is_young_enough_is_deleted(store):
    fill(store, 3)
    assert store.purge(START) == 0
    assert len(store.recent(0.0)) == 3


def test_scans_before_a_moment_are_deleted_with_their_grades(store):
    fill(store, 4)
    assert purge_all(store, START + 2 * STEP) == 2
    track = store.track(since=0.0)
    assert [found.at for found in store.recent(0.0)] == [START + 2 * STEP, START + 3 * STEP]
    assert (track.forecasts.sum(), track.notifications, track.failures) == (4, 2, 2)


def test_nothing_is_left_behind_once_all_scans_are_deleted(store):
    before = rows_of(store)
    fill(store, 4)
    assert purge_all(store, EVER) == 4
    assert rows_of(store) == before


def test_one_call_deletes_a_bounded_number_of_forecasts(store, monkeypatch):
    monkeypatch.setattr(retention, "FORECASTS_AT_ONCE", 7)
    monkeypatch.setattr(retention, "FEWEST_SCANS", 1)
    fill(store, 9)
    assert [store.purge(EVER) for _ in range(4)] == [2, 2, 2, 2]


def test_scans_too_large_for_one_call_grow_fewer_all_the_same(store, monkeypatch):
    monkeypatch.setattr(retention, "FORECASTS_AT_ONCE", 1)
    monkeypatch.setattr(retention, "FEWEST_SCANS", 2)
    fill(store, 3)
    assert [store.purge(EVER) for _ in range(3)] == [2, 1, 0]


def test_a_fleet_of_any_size_loses_more_scans_a_minute_than_it_gets():
    assert retention.FEWEST_SCANS > 60.0 / SHORTEST_INTERVAL_SECONDS


def test_a_pod_that_nobody_refers_to_is_forgotten_and_may_come_back(opened, kind):
    if kind == "postgresql":
        opened().clear()
    store = opened(cluster="of its own")
    fill(store, 2)
    gone = START + STEP + SEEN_EVERY_SECONDS + 1.0
    before = rows_of(store)["pods"]
    assert purge_all(store, gone) == 2
    assert rows_of(store)["pods"] == before - len(PODS)
    store.record(scan(1000))
    assert [found.pods for found in store.recent(0.0)] == [PODS]


def test_pods_are_forgotten_also_while_every_purge_finds_an_old_scan(store):
    before = rows_of(store)["pods"]
    store.record(scan(0, (0.1,), pods=[PodRef("jobs", "ran-once")]))
    hours_later = int(2 * SEEN_EVERY_SECONDS / STEP)
    for number in range(hours_later, hours_later + 4):
        store.record(scan(number, (0.1,), pods=[PodRef("shop", "steady")]))
    assert rows_of(store)["pods"] == before + 2
    assert store.purge(START + (hours_later + 1) * STEP) == 2
    assert store.purge(START + (hours_later + 2) * STEP) == 1
    assert rows_of(store)["pods"] == before + 1


def test_a_pod_that_is_seen_again_and_again_stays(store):
    hour = int(SEEN_EVERY_SECONDS / STEP)
    for number in range(0, 5 * hour, hour // 3):
        store.record(scan(number))
    purge_all(store, START + 4.5 * hour * STEP)
    (found,) = store.recent(0.0)
    assert found.pods == PODS


def test_other_clusters_keep_what_is_theirs(opened):
    mine, theirs = opened(cluster="mine"), opened(cluster="theirs")
    fill(mine, 2)
    fill(theirs, 2)
    purge_all(mine, EVER)
    mine.clear()
    assert (len(mine.recent(0.0)), len(theirs.recent(0.0))) == (0, 2)
    assert theirs.track(since=0.0).failures == 2


def test_clear_forgets_everything_and_the_store_goes_on(store):
    fill(store, 3)
    store.remember("alerts", b"old")
    store.clear()
    assert store.recent(0.0) == []
    assert store.track(since=0.0).failures == 0
    assert store.recall("alerts") is None
    store.record(scan(0, pods=[PodRef("new", name) for name in "abc"]))
    assert store.recent(0.0)[0].pods[0] == PodRef("new", "a")


@pytest.mark.parametrize("document", [b"", b"{}", bytes(range(256)) * 400], ids=len)
def test_a_document_is_recalled_as_it_was_remembered(store, document):
    store.remember("alerts", b"before")
    store.remember("alerts", document)
    assert store.recall("alerts") == document


def test_what_nobody_remembered_is_none(store):
    assert store.recall("alerts") is None


def test_watchers_remember_for_themselves(opened):
    one, other = opened(shard="1/2"), opened(shard="2/2")
    one.remember("alerts", b"one")
    assert other.recall("alerts") is None


def test_a_restart_recalls(opened, kind):
    one = opened()
    one.remember("alerts", b"state")
    after = one if kind == "memory" else opened()
    assert after.recall("alerts") == b"state"

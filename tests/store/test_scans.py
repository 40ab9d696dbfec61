"""What is recorded is what is read, on every database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import delete

from podforecast.domain.pods import PodRef
from podforecast.errors import StoreRefused
from podforecast.store import pods
from podforecast.store.tables import PODS as PODS_TABLE
from tests.store.made_up import PODS, START, STEP, many, same, scan


def test_an_empty_store_has_nothing_due(store):
    assert store.due(START) == []
    assert store.recent(0.0) == []


def test_a_scan_is_read_as_it_was_recorded(store):
    store.record(scan())
    (found,) = store.due(START)
    assert same(found, scan())


def test_a_new_process_reads_what_an_old_one_recorded(store, opened, kind):
    other = store if kind == "memory" else opened()  # memory ends with its process
    store.record(scan())
    assert [same(found, scan()) for found in other.due(START)] == [True]


def test_a_scan_without_pods_is_kept(store):
    store.record(scan(probability=[], pods=[]))
    assert [found.pods for found in store.due(START)] == [()]


def test_pods_keep_their_order_in_each_scan(store):
    store.record(scan(0, (0.1, 0.2, 0.3)))
    store.record(scan(1, (0.3, 0.2, 0.1), pods=PODS[::-1]))
    assert [found.pods for found in store.due(START + STEP)] == [PODS, PODS[::-1]]


def test_the_same_moment_recorded_again_replaces_nothing(store):
    store.record(scan())
    store.record(scan(probability=(0.9, 0.9, 0.9), model="m2"))
    (found,) = store.due(START)
    assert same(found, scan())


def test_what_is_due_comes_oldest_first_and_not_all_at_once(store):
    for number in (3, 0, 2, 1, 4):
        store.record(scan(number))
    due = store.due(START + 3 * STEP, limit=3)
    assert [found.at for found in due] == [START, START + STEP, START + 2 * STEP]


def test_recent_scans_are_those_from_a_moment_on(store):
    for number in range(4):
        store.record(scan(number))
    assert [found.at for found in store.recent(START + 2 * STEP)] == [
        START + 2 * STEP,
        START + 3 * STEP,
    ]


def test_the_workload_of_a_pod_is_the_one_told_last(store):
    store.record(scan(0, workload="unknown"))
    store.record(scan(1, workload="cart"))
    store.record(scan(2, workload="cart"))
    assert {found.workloads for found in store.due(START + 2 * STEP)} == {("cart",) * 3}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 253, id="as long as Kubernetes allows"),
        pytest.param("größe-日本-🚀", id="not ASCII"),
        pytest.param("🚀" * 253, id="253 characters of four bytes"),
        pytest.param("Robert'); DROP TABLE pods;--", id="SQL"),
        pytest.param("100%_%s:name{}", id="placeholders"),
        pytest.param("a\0b", id="NUL"),
        pytest.param("half \ud83d of a pair", id="half a surrogate pair"),
        pytest.param("\\x00 \\", id="backslashes"),
        pytest.param("line\nfeed\ttab\u2028", id="white space"),
    ],
)
def test_a_name_of_any_kind_comes_back(store, opened, kind, name):
    pods = (PodRef(name, "a"), PodRef("a", name), PodRef(name, name))
    record = scan(pods=pods, model=name, workload=name or "none")
    store.record(record)
    reader = store if kind == "memory" else opened()
    (found,) = reader.due(START)
    assert same(found, record)


def test_names_that_differ_in_case_or_accent_are_different_pods(store):
    pods = tuple(PodRef("shop", name) for name in ("cafe", "Cafe", "café", "cafe\u0301"))
    store.record(scan(probability=(0.1, 0.2, 0.3, 0.4), pods=pods))
    (found,) = store.due(START)
    assert found.pods == pods


@pytest.mark.parametrize("value", [0.0, 1.0, 5e-324, 0.1 + 0.2, 1 - 2**-53], ids=str)
def test_probabilities_keep_every_bit(store, value):
    store.record(scan(probability=(value, np.nan, value)))
    assert store.due(START)[0].probability[0] == value


def test_ten_thousand_new_pods_at_once_are_kept(store):
    store.record(many(10_000))
    (found,) = store.due(START)
    assert same(found, many(10_000))


def test_two_watchers_of_one_shard_do_not_replace_each_others_scans(opened, kind):
    one = opened()
    other = one if kind == "memory" else opened()
    one.record(scan())
    other.record(scan(probability=(0.9, 0.9, 0.9)))
    other.record(scan(1))
    assert [same(found, scan(number)) for number, found in enumerate(one.due(START + STEP))] == [
        True,
        True,
    ]


def test_readers_in_other_threads_see_whole_scans_only(store):
    numbers, written = range(12), threading.Event()

    def read():
        seen = []
        while not written.is_set():
            seen += store.recent(0.0)
            store.track(since=0.0)
        return seen

    with ThreadPoolExecutor(3) as readers:
        reading = [readers.submit(read) for _ in range(3)]
        for number in numbers:
            store.record(many(200, number))
        written.set()
        seen = [found for each in reading for found in each.result()]
    originals = {record.at: record for record in (many(200, number) for number in numbers)}
    assert all(same(found, originals[found.at]) for found in seen)
    assert len(store.recent(0.0)) == len(numbers)


def test_more_pods_than_are_remembered_are_asked_for_again(store, monkeypatch):
    monkeypatch.setattr(pods, "MOST_REMEMBERED", 2)
    for number in range(3):
        store.record(scan(number))
    assert all(same(found, scan(number)) for number, found in enumerate(store.due(START + 1e6)))


def test_a_scan_whose_pods_were_deleted_by_hand_is_refused(store):
    store.record(scan())
    with store._database.writing() as connection:
        connection.execute(delete(PODS_TABLE).where(PODS_TABLE.c.watcher_id == store._watcher))
    store._book.forget()
    with pytest.raises(StoreRefused, match=r"forecasts of pod \d+, but not its name"):
        store.due(START)


def test_clusters_and_shards_see_their_own_scans_only(opened):
    prod, staging = opened(cluster="prod"), opened(cluster="staging")
    half = opened(cluster="prod", shard="1/2")
    prod.record(scan(probability=(0.1, 0.1, 0.1)))
    half.record(scan(probability=(0.2, 0.2, 0.2)))
    staging.record(scan(probability=(0.3, 0.3, 0.3)))
    found = [store.due(START)[0].probability[0] for store in (prod, half, staging)]
    assert found == [0.1, 0.2, 0.3]


def test_a_scan_that_contradicts_itself_leaves_nothing_behind(store):
    broken = replace(scan(), at_risk=np.array([True]))
    with pytest.raises(ValueError, match="1, 3"):
        store.record(broken)
    store.record(scan())
    assert [same(found, scan()) for found in store.due(START)] == [True]

"""Followers see every scan, and what one fails at stays with it."""

from __future__ import annotations

import pytest

from podforecast.errors import StoreUnavailable
from podforecast.watcher.follower import Followers


class FakeFollower:
    """A fake: remembers what it was shown, and fails as the test says."""

    def __init__(self, name: str, failure: Exception | None = None) -> None:
        self.name = name
        self.failure = failure
        self.seen: list[object] = []

    def follow(self, snapshot: object) -> None:
        self.seen.append(snapshot)
        if self.failure is not None:
            raise self.failure

    def start_over(self) -> None:
        self.seen.clear()

    def close(self) -> None:
        self.seen.append("closed")


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        pytest.param(StoreUnavailable("the database is gone"), "the database is gone", id="ours"),
        pytest.param(ZeroDivisionError("x"), "nobody foresaw (ZeroDivisionError)", id="unforeseen"),
    ],
)
def test_the_others_are_shown_the_snapshot_all_the_same(failure, told):
    broken, well = FakeFollower("store", failure), FakeFollower("alerts")
    followers = Followers([broken, well])
    followers.show("snapshot")
    assert well.seen == ["snapshot"]
    assert told in followers.troubles["store"].message
    assert "alerts" not in followers.troubles


def test_a_trouble_that_is_over_is_forgotten_and_told_once(caplog):
    store = FakeFollower("store", StoreUnavailable("the database is gone"))
    followers = Followers([store])
    with caplog.at_level("INFO"):
        followers.show(1)
        followers.show(2)
        store.failure = None
        followers.show(3)
    assert followers.troubles == {}
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "event=follower_recovered name=store" in caplog.text


def test_starting_over_and_closing_reach_all():
    one, other = FakeFollower("one"), FakeFollower("other")
    followers = Followers([one, other])
    followers.show(1)
    followers.start_over()
    followers.close()
    assert one.seen == other.seen == ["closed"]

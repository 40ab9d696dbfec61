"""What is watched, and by whom its scans are followed, as the settings say."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from podforecast.errors import ConfigurationError, StoreRefused
from podforecast.settings import Settings
from podforecast.watcher.composition import followers_of, source_of
from podforecast.watcher.shared_store import SharedStore

ALERTED = {"alertmanager_urls": ["http://alertmanager.example:9093"]}
HOOKED = {"webhook_urls": ["https://hooks.example/services/s3cr3t"]}


def names(**settings):
    return [follower.name for follower in followers_of(Settings(**settings))]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        pytest.param("replay", "replay", id="replay"),
        pytest.param("prometheus", "prometheus", id="live"),
    ],
)
def test_the_source_is_the_one_that_is_set(source, kind):
    assert source_of(Settings(source=source)).facts.kind == kind


def test_the_pace_of_a_cluster_is_a_setting():
    source = source_of(Settings(source="prometheus", watch={"interval": 60}))
    assert source.facts.interval == timedelta(minutes=1)


def test_the_rates_of_a_cluster_follow_how_often_it_is_scraped():
    source = source_of(Settings(source="prometheus", prometheus={"scrape_interval": 60}))
    assert source.facts.scope.rate_window == timedelta(minutes=4)


@pytest.mark.parametrize(
    ("settings", "followers"),
    [
        pytest.param({"source": "none", "alerts": ALERTED}, [], id="nothing-watched"),
        pytest.param({"source": "replay"}, ["store"], id="replay"),
        pytest.param(
            {"source": "replay", "alerts": ALERTED}, ["store"], id="nobody-is-told-of-one"
        ),
        pytest.param({"source": "prometheus"}, ["store"], id="nobody-to-tell"),
        pytest.param(
            {"source": "prometheus", "alerts": ALERTED}, ["store", "alerts"], id="manager"
        ),
        pytest.param({"source": "prometheus", "alerts": HOOKED}, ["store", "alerts"], id="webhook"),
    ],
)
def test_followers_are_those_that_are_set(settings, followers):
    assert names(**settings) == followers


def test_a_webhook_that_is_no_address_is_refused_without_its_secret():
    with pytest.raises(ConfigurationError) as refused:
        names(source="prometheus", alerts={"webhook_urls": ["ftp://hooks.example/s3cr3t"]})
    assert "s3cr3t" not in f"{refused.value.message} {refused.value.hint}"


class TestSharedStore:
    @pytest.fixture
    def shared(self, tmp_path):
        def of(url):
            return SharedStore(url, cluster="", shard="1/1", timeout=timedelta(seconds=5))

        return of

    def test_all_who_ask_get_the_same_one(self, shared, tmp_path):
        store = shared(f"sqlite:///{tmp_path}/forecasts.db")
        store.remember("alerts", b"{}")
        assert store.open() is store.open()
        assert (store.recall("alerts"), store.recall("nobody")) == (b"{}", None)
        store.open().close()

    def test_one_that_is_refused_is_asked_for_again(self, shared):
        store = shared("mysql://nowhere/forecasts")
        for _ in range(2):
            with pytest.raises(StoreRefused):
                store.open()


def test_a_service_that_starts_to_replay_loads_no_database_and_no_client():
    program = (
        "import sys\n"
        "from podforecast.serving.entry import service\n"
        "from podforecast.settings import Settings\n"
        "service(Settings(source='replay'))\n"
        "heavy = ['sqlalchemy', 'alembic', 'httpx', 'pyarrow']\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"

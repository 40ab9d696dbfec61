"""GET /readyz with something watched, and the routes of a watcher alone."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from podforecast.api_schema.service import Ready
from podforecast.errors import StoreUnavailable
from podforecast.serving.options import ServiceOptions
from tests.api.conftest import fake_manifest
from tests.api.fleets import client_of, fleet_app, no_model
from tests.watcher.made_up import MemoryModel, WallClock, write_campaign

HEADLESS = ServiceOptions(headless=True)


class FailingStore:
    """A fake follower whose database is gone, until a test says otherwise."""

    name = "store"
    is_gone = True

    def follow(self, _):
        if self.is_gone:
            raise StoreUnavailable("the database does not answer")

    def start_over(self):
        """Nothing to forget."""

    def close(self):
        """Nothing to finish."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_campaign(tmp_path_factory.mktemp("data"))


@pytest.fixture
def wall():
    return WallClock()


@pytest.fixture
def served(data_dir, wall):
    """Serve the made-up fleet with options and followers of the test's own."""

    def serving(**more):
        model = MemoryModel(manifest=fake_manifest())
        given = {"load": lambda _: model, "data_dir": data_dir} | more
        return client_of(fleet_app(given.pop("data_dir"), wall=wall, **given))

    return serving


async def readiness(client):
    answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    return Ready.model_validate_json(answer.content)


async def sample(client, name):
    text = (await client.get("/metrics")).text
    values = [
        one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == name
    ]
    return values[0]


class TestService:
    async def test_without_a_model_it_is_not_ready(self, served):
        async with served(load=no_model) as client:
            assert (await client.get("/readyz")).status_code == 503
            assert await sample(client, "podforecast_ready") == 0

    async def test_nothing_watched_is_nothing_wrong(self, served):
        async with served(data_dir=None, ticks=0) as client:
            answer = await readiness(client)
        assert (answer.status, answer.source, answer.troubles) == ("ready", None, {})

    async def test_it_tells_how_the_source_does(self, served):
        async with served() as client:
            answer = await readiness(client)
        assert answer.status == "ready"
        assert (answer.source.kind, answer.source.state, answer.source.age_seconds) == (
            "replay",
            "live",
            0.0,
        )

    async def test_a_stale_scan_degrades_it_and_it_goes_on_answering(self, served, wall):
        async with served() as client:
            wall.seconds += 60.0
            answer = await readiness(client)
            assert (await client.get("/pods")).status_code == 200
            assert await sample(client, "podforecast_ready") == 1
        assert (answer.status, answer.source.state) == ("degraded", "stale")
        assert answer.source.detail == "The last scan was made 60 s ago."

    async def test_what_followers_fail_at_is_named_everywhere(self, served):
        async with served(followers=(FailingStore(),)) as client:
            answer = await readiness(client)
            fleet = (await client.get("/pods")).json()
            assert await sample(client, "podforecast_follower_failing") == 1
        assert answer.status == "degraded"
        assert answer.troubles == {"store": "the database does not answer"}
        assert fleet["source"]["state"] == "live"
        assert fleet["source"]["troubles"] == ["Store: the database does not answer."]

    async def test_a_follower_that_is_well_again_is_no_trouble(self, served, wall):
        store = FailingStore()
        async with served(followers=(store,)) as client:
            store.is_gone = False
            wall.seconds += 1.5
            client._transport.app.state.service.fleet.watcher.tick()
            answer = await readiness(client)
            assert await sample(client, "podforecast_follower_failing") == 0
        assert (answer.status, answer.troubles) == ("ready", {})


class TestWatcherAlone:
    @pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/model/reload", "/model"])
    async def test_it_neither_forecasts_what_it_is_sent_nor_changes_the_model(self, served, path):
        async with served(options=HEADLESS) as client:
            assert (await client.post(path)).status_code == 404

    async def test_the_root_names_what_is_served_and_nothing_else(self, served):
        async with served(options=HEADLESS) as client:
            links = (await client.get("/")).json()["links"]
            assert set(links) >= {"prediction", "pods", "metrics", "alive", "ready"}
            assert not set(links) & {"predict", "batch", "model"}
            for path in links.values():
                assert (await client.get(path)).status_code != 404, path

    async def test_before_the_first_scan_it_is_not_ready(self, served):
        async with served(options=HEADLESS, ticks=0) as client:
            answer = await client.get("/readyz")
            assert await sample(client, "podforecast_ready") == 0
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "The first scan is being made.",
        )

    async def test_without_a_fresh_scan_it_is_not_ready_and_says_why(self, served, wall):
        async with served(options=HEADLESS) as client:
            assert (await readiness(client)).status == "ready"
            wall.seconds += 3.1
            answer = await client.get("/readyz")
            assert await sample(client, "podforecast_ready") == 0
        assert (answer.status_code, answer.json()["detail"]) == (
            503,
            "The last scan was made 3 s ago.",
        )

    async def test_with_nothing_to_watch_it_is_not_ready(self, served):
        async with served(options=HEADLESS, data_dir=None, ticks=0) as client:
            answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["detail"]) == (503, "nothing is watched")

    async def test_a_source_that_can_not_be_read_is_named(self, served, tmp_path):
        async with served(options=HEADLESS, data_dir=tmp_path) as client:
            answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert "There is no recorded campaign" in answer.json()["detail"]
        assert "PODFORECAST_REPLAY__DATA_DIR" in answer.json()["hint"]

"""What came of forecasts, on GET /model and /metrics."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from podforecast.api_schema.model import ModelOut
from podforecast.domain.history import BIN_EDGES
from podforecast.errors import StoreUnavailable
from podforecast.serving.application import create_app
from podforecast.store.store import ForecastStore
from podforecast.watcher.historian import Historian
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from tests.api.conftest import fake_manifest
from tests.watcher.made_up import MemoryModel, WallClock, minute, write_campaign

SPEED = 10.0
SCANS = 60
"""From minute 14 to 29: a leak that is announced, and a crash that is not."""


def memory():
    return ForecastStore.open("", timeout=timedelta(seconds=5))


def no_store():
    raise StoreUnavailable("the database does not answer", hint="Start it.")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_campaign(tmp_path_factory.mktemp("data"))


def made(data_dir, *, open_store=memory, scans=SCANS):
    """A service that has watched the made-up campaign for some scans."""
    wall, model = WallClock(), MemoryModel(manifest=fake_manifest())
    plan = ReplayPlan(data_dir=data_dir, speed=SPEED, start_minute=14.0)
    app = create_app(
        Path("models"),
        load=lambda _: model,
        fleet=ReplaySource(plan, clock=wall),
        followers=[Historian(open_store, clock=wall)],
        clock=wall,
    )
    app.state.service.slot.load()
    for _ in range(scans):
        app.state.service.fleet.watcher.tick()
        wall.seconds += 15.0 / SPEED
    return app


@pytest.fixture(scope="module")
def watched(data_dir):
    """A service that tests only read."""
    app = made(data_dir)
    yield app
    app.state.service.fleet.watcher.close()


@pytest.fixture
def make(data_dir):
    """Make a service of the test's own."""
    apps = []

    def make(**changes):
        apps.append(made(data_dir, **changes))
        return apps[-1]

    yield make
    for app in apps:
        app.state.service.fleet.watcher.close()


@pytest.fixture
def ask():
    async def answer(app, path):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get(path)

    return answer


@pytest.fixture
def live_of(ask):
    async def live(app):
        return ModelOut.model_validate_json((await ask(app, "/model")).content).live

    return live


@pytest.fixture
def series_of(ask):
    async def series(app):
        text = (await ask(app, "/metrics")).text
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    return series


class TestModel:
    async def test_where_nothing_is_watched_nothing_is_said(self, live_of):
        model = MemoryModel(manifest=fake_manifest())
        app = create_app(Path("models"), load=lambda _: model)
        app.state.service.slot.load()
        assert await live_of(app) is None

    async def test_before_the_first_horizon_has_passed_every_figure_is_unknown(self, live_of, make):
        live = await live_of(make(scans=4))
        assert (live.forecasts, live.ungraded_scans, live.since) == (0, 4, None)
        assert (live.precision, live.recall, live.brier, live.lead_minutes_p10) == (None,) * 4
        assert live.calibration == ()

    async def test_a_store_that_is_gone_is_named(self, live_of, make):
        live = await live_of(make(open_store=no_store, scans=2))
        assert live.trouble == "the database does not answer"
        assert live.forecasts == 0

    async def test_precision_recall_and_lead_are_those_of_what_happened(self, live_of, watched):
        live = await live_of(watched)
        assert (live.notifications, live.false_alarms) == (1, 0)
        assert (live.failures, live.announced) == (2, 1)
        assert (live.precision.value, live.precision.high) == (1.0, 1.0)
        assert live.precision.low == pytest.approx(0.207, abs=1e-3)
        assert live.recall.value == 0.5
        assert live.lead_minutes_median == pytest.approx(4.33, abs=0.3)
        assert (live.since.timestamp(), live.trouble) == (minute(14.0), None)
        assert live.false_alarms_per_1000_pods_per_day == 0.0

    async def test_the_bins_add_up(self, live_of, watched):
        live = await live_of(watched)
        assert sum(one.forecasts for one in live.calibration) == live.forecasts
        failed = sum(one.forecasts * one.observed for one in live.calibration)
        assert failed / live.forecasts == pytest.approx(live.prevalence)


class TestMetrics:
    async def test_without_a_watcher_there_are_no_such_series(self, series_of):
        app = create_app(Path("models"), load=lambda _: MemoryModel(manifest=fake_manifest()))
        assert not [name for name, *_ in await series_of(app) if "live" in name or "grad" in name]

    async def test_unknown_is_nan_and_not_zero(self, series_of, make):
        series = await series_of(make(scans=4))
        for name in ("precision", "recall", "lead_seconds", "ece", "brier"):
            assert math.isnan(series[f"podforecast_live_{name}",])
        assert series["podforecast_ungraded_scans",] == 4

    async def test_scans_that_wait_for_the_store_are_counted(self, series_of, make):
        series = await series_of(make(open_store=no_store, scans=3))
        assert series["podforecast_store_waiting_scans",] == 3
        assert series["podforecast_store_failures_total",] == 1
        assert series["podforecast_store_lost_scans_total",] == 0

    async def test_figures_and_counts(self, series_of, live_of, watched):
        series, live = await series_of(watched), await live_of(watched)
        assert series["podforecast_live_precision",] == 1.0
        assert series["podforecast_live_recall",] == 0.5
        assert series["podforecast_live_lead_seconds",] == 60.0 * live.lead_minutes_median
        assert series["podforecast_live_ece",] == live.calibration_error
        assert series["podforecast_live_brier",] == live.brier
        assert series["podforecast_graded_notifications_total", "true"] == 1
        assert series["podforecast_graded_failures_total", "no"] == 1
        outcomes = [
            series["podforecast_graded_forecasts_total", name] for name in ("failed", "nothing")
        ]
        assert sum(outcomes) == live.forecasts
        assert series["podforecast_graded_forecasts_total", "not_judged"] > 0

    async def test_every_bin_has_a_series_and_no_more(self, series_of, watched):
        series, edges = await series_of(watched), [f"{edge:g}" for edge in BIN_EDGES[1:]]
        for name in ("forecasts", "probability", "failed"):
            bins = [key[1] for key in series if key[0] == f"podforecast_live_bin_{name}"]
            assert bins == edges

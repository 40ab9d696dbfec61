"""Applications that watch the made-up campaign, as of a minute that a test chooses."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from podforecast.errors import ModelNotReady
from podforecast.serving.application import create_app
from podforecast.serving.options import DEFAULTS
from podforecast.watcher.replay import ReplayPlan, ReplaySource

SPEED = 10.0


def fleet_app(data_dir, *, wall, load, start_minute=16.75, ticks=1, **more):
    """A service with a replay as of some minute; nothing ticks but where a test says so."""
    source = None
    if data_dir is not None:
        plan = ReplayPlan(data_dir=data_dir, speed=SPEED, start_minute=start_minute)
        source = ReplaySource(plan, clock=wall)
    app = create_app(
        Path("models"), load=load, fleet=source, clock=wall, **{"options": DEFAULTS} | more
    )
    app.state.service.slot.load()
    for _ in range(ticks):
        app.state.service.fleet.watcher.tick()
    return app


@asynccontextmanager
async def client_of(app):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


def no_model(_):
    raise ModelNotReady("no model has been trained", hint="Train one.")

"""A made-up campaign on disk, replayed by a clock that a test moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from podforecast.watcher.replay import ReplayPlan, ReplaySource
from podforecast.watcher.watcher import FleetWatcher
from tests.watcher.made_up import ModelHolder, WallClock, write_campaign

SPEED = 10.0


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory) -> Path:
    return write_campaign(tmp_path_factory.mktemp("data"))


@pytest.fixture
def wall() -> WallClock:
    return WallClock()


@pytest.fixture
def models() -> ModelHolder:
    return ModelHolder()


@pytest.fixture
def reported() -> list[str]:
    """Results of the scans that a watcher reported."""
    return []


@pytest.fixture
def watch(data_dir, wall, models, reported):
    """Make a watcher of a replay that starts at some minute."""

    def make(start_minute: float = 19.0, data_dir: Path = data_dir, **plan) -> FleetWatcher:
        chosen = {"data_dir": data_dir, "speed": SPEED, "start_minute": start_minute} | plan
        source = ReplaySource(ReplayPlan(**chosen), clock=wall)
        return FleetWatcher(
            source, model=models, clock=wall, report=lambda _, result: reported.append(result)
        )

    return make


@pytest.fixture
def move(wall):
    """Let minutes of the recording pass."""

    def minutes(number: float) -> None:
        wall.seconds += 60.0 * number / SPEED

    return minutes

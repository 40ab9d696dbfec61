"""Whoever starts the service is told what the fleet view will show."""

from __future__ import annotations

from pathlib import Path

from podforecast.cli.fleet_line import fleet_line
from podforecast.settings import ReplaySettings, Settings
from tests.watcher.made_up import write_campaign


def test_without_recordings_it_says_why_and_the_way_out():
    line = fleet_line(Settings(replay=ReplaySettings(data_dir=Path("nowhere"))))
    assert line.startswith("shows nothing: there is no recorded campaign")
    assert "PODFORECAST_SOURCE=none" in line


def test_the_campaign_and_the_speed_are_named(tmp_path):
    settings = Settings(replay=ReplaySettings(data_dir=write_campaign(tmp_path), speed=20.0))
    assert fleet_line(settings) == "replays the recorded campaign brook at 20 times real time"


def test_a_cluster_is_named_without_the_password_of_its_address():
    settings = Settings(
        source="prometheus",
        prometheus={"url": "https://me:secret@prometheus.example/prefix"},
        watch={"interval": 30, "shard": "2/4"},
    )
    assert fleet_line(settings) == (
        "watches https://prometheus.example/prefix every 30 s, shard 2/4 of the namespaces"
    )

"""What is watched, in one line for whoever starts the service."""

from __future__ import annotations

from podforecast.errors import TelemetryUnavailable
from podforecast.settings import Settings
from podforecast.telemetry.prometheus.client import address_of
from podforecast.watcher.campaigns import find_campaign
from podforecast.watcher.composition import connection_to


def fleet_line(settings: Settings) -> str:
    """Name the cluster or the campaign, or say why nothing is shown.

    >>> fleet_line(Settings(source="none"))
    'nothing is watched (PODFORECAST_SOURCE=none)'
    >>> fleet_line(Settings(source="prometheus", watch={"shard": "2/4"}))
    'watches http://127.0.0.1:9090/ every 15 s, shard 2/4 of the namespaces'
    """
    if settings.source == "none":
        return "nothing is watched (PODFORECAST_SOURCE=none)"
    return _cluster(settings) if settings.source == "prometheus" else _campaign(settings)


def _cluster(settings: Settings) -> str:
    watch = settings.watch
    part = "" if watch.shard == "1/1" else f", shard {watch.shard} of the namespaces"
    address = address_of(connection_to(settings.prometheus))
    return f"watches {address} every {watch.interval.total_seconds():g} s{part}"


def _campaign(settings: Settings) -> str:
    replay = settings.replay
    try:
        campaign = find_campaign(replay.data_dir, replay.campaign)
    except TelemetryUnavailable as error:
        return f"shows nothing: {error.message}. {error.hint}"
    return f"replays the recorded campaign {campaign.name} at {replay.speed:g} times real time"

"""What the fleet view will show, in one line for whoever starts the service."""

from __future__ import annotations

from podforecast.errors import TelemetryUnavailable
from podforecast.settings import ReplaySettings
from podforecast.watcher.campaigns import find_campaign


def fleet_line(source: str, replay: ReplaySettings) -> str:
    """Name the campaign that is replayed, or say why none is.

    >>> fleet_line("none", ReplaySettings())
    'nothing is watched (PODFORECAST_SOURCE=none)'
    """
    if source == "none":
        return "nothing is watched (PODFORECAST_SOURCE=none)"
    try:
        campaign = find_campaign(replay.data_dir, replay.campaign)
    except TelemetryUnavailable as error:
        return f"shows nothing: {error.message}. {error.hint}"
    return f"replays the recorded campaign {campaign.name} at {replay.speed:g} times real time"

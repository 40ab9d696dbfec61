"""What the settings ask for: the source that is watched, and who looks at its scans.

For entry points. Nothing is opened here, and what a setting does not ask for is not imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podforecast.settings import PrometheusSettings, Settings
from podforecast.watcher.follower import Follower
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from podforecast.watcher.source import FleetSource

if TYPE_CHECKING:
    from podforecast.telemetry.prometheus.client import Connection


def source_of(settings: Settings) -> FleetSource | None:
    """Return what is to be watched; None where nothing is.

    >>> source_of(Settings(source="none")) is None
    True
    """
    if settings.source == "replay":
        return ReplaySource(ReplayPlan(**settings.replay.model_dump()))
    return None


def followers_of(settings: Settings) -> tuple[Follower, ...]:  # noqa: ARG001 - none exist yet
    """Return who is shown every scan, in this order."""
    return ()


def connection_to(prometheus: PrometheusSettings) -> Connection:
    """Unwrap the secrets for the one who sends them."""
    from podforecast.telemetry.prometheus.client import Connection

    plain = prometheus.model_dump(exclude={"url", "password", "headers", "selector"})
    return Connection(
        url=str(prometheus.url),
        password=prometheus.password.get_secret_value(),
        headers={name: value.get_secret_value() for name, value in prometheus.headers.items()},
        **plain,
    )

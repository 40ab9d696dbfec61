"""What the settings ask for: the source that is watched, and who looks at its scans.

For entry points. Nothing is opened here, and what a setting does not ask for is not imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podforecast.domain.telemetry import STEP
from podforecast.settings import PrometheusSettings, Settings
from podforecast.watcher.follower import Follower
from podforecast.watcher.historian import Historian
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from podforecast.watcher.source import FleetSource

if TYPE_CHECKING:
    from podforecast.store.store import ForecastStore
    from podforecast.telemetry.prometheus.client import Connection


def source_of(settings: Settings) -> FleetSource | None:
    """Return what is to be watched; None where nothing is.

    Raises
    ------
    ConfigurationError
        If there is no such shard.

    Examples
    --------
    >>> source_of(Settings(source="none")) is None
    True
    """
    if settings.source == "none":
        return None
    if settings.source == "replay":
        return ReplaySource(ReplayPlan(**settings.replay.model_dump()))
    from podforecast.watcher.live import LivePlan, LiveSource

    watch = settings.watch
    return LiveSource(
        LivePlan(
            connection=connection_to(settings.prometheus),
            selector=settings.prometheus.selector,
            interval=watch.interval,
            delay=watch.delay,
            cluster=watch.cluster,
            shard=watch.shard,
            mute_annotation=settings.alerts.mute_annotation,
        )
    )


def followers_of(settings: Settings) -> tuple[Follower, ...]:
    """Return who is shown every scan, in this order: what is kept, then who is alerted."""
    if settings.source == "none":
        return ()
    is_replay = settings.source == "replay"
    return (
        Historian(
            lambda: _store(settings, in_memory=is_replay),
            retention=settings.store.retention,
            interval=STEP if is_replay else settings.watch.interval,
            forgets=is_replay,
        ),
    )


def _store(settings: Settings, *, in_memory: bool) -> ForecastStore:
    # SQLAlchemy alone takes half a second, which readiness need not wait for.
    from podforecast.store.store import ForecastStore

    return ForecastStore.open(
        "" if in_memory else settings.store.url.get_secret_value(),
        cluster=settings.watch.cluster,
        shard=settings.watch.shard,
        timeout=settings.store.timeout,
    )


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

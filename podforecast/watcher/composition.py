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
from podforecast.watcher.shared_store import SharedStore
from podforecast.watcher.source import FleetSource

if TYPE_CHECKING:
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
    from podforecast.telemetry.prometheus.queries import rate_window_of
    from podforecast.watcher.live import LivePlan, LiveSource

    watch = settings.watch
    return LiveSource(
        LivePlan(
            connection=connection_to(settings.prometheus),
            selector=settings.prometheus.selector,
            rate_window=rate_window_of(settings.prometheus.scrape_interval),
            interval=watch.interval,
            delay=watch.delay,
            cluster=watch.cluster,
            shard=watch.shard,
            mute_annotation=settings.alerts.mute_annotation,
        )
    )


def followers_of(settings: Settings) -> tuple[Follower, ...]:
    """Return who is shown every scan, in this order: what is kept, then who is alerted.

    A replay is kept in memory, and nobody is alerted on it.

    Raises
    ------
    ConfigurationError
        If an address to alert is none.
    """
    if settings.source == "none":
        return ()
    is_replay = settings.source == "replay"
    store = SharedStore(
        "" if is_replay else settings.store.url.get_secret_value(),
        cluster=settings.watch.cluster,
        shard=settings.watch.shard,
        timeout=settings.store.timeout,
    )
    historian = Historian(
        store.open,
        retention=settings.store.retention,
        interval=STEP if is_replay else settings.watch.interval,
        forgets=is_replay,
    )
    return (historian,) if is_replay else (historian, *_alerters(settings, store))


def _alerters(settings: Settings, store: SharedStore) -> tuple[Follower, ...]:
    told = settings.alerts
    if not (told.alertmanager_urls or told.webhook_urls):
        return ()
    from podforecast.watcher.alerter import AlertPlan, alerter_from

    plan = AlertPlan(
        **told.model_dump(exclude={*_ADDRESSES, "mute_annotation"}),
        cluster=settings.watch.cluster,
        shard=settings.watch.shard,
        alertmanager_urls=[str(url) for url in told.alertmanager_urls],
        webhook_urls=[url.get_secret_value() for url in told.webhook_urls],
        runbook_url=str(told.runbook_url or ""),
        dashboard_url=str(told.dashboard_url or ""),
    )
    return (alerter_from(plan, recall=store.recall, remember=store.remember),)


_OF_QUERIES = {"selector", "scrape_interval"}
_ADDRESSES = {"alertmanager_urls", "webhook_urls", "runbook_url", "dashboard_url"}


def connection_to(prometheus: PrometheusSettings) -> Connection:
    """Unwrap the secrets for the one who sends them."""
    from podforecast.telemetry.prometheus.client import Connection

    plain = prometheus.model_dump(exclude={"url", "password", "headers", *_OF_QUERIES})
    return Connection(
        url=str(prometheus.url),
        password=prometheus.password.get_secret_value(),
        headers={name: value.get_secret_value() for name, value in prometheus.headers.items()},
        **plain,
    )

"""The Prometheus a command talks to: the settings, with the address a command line may change."""

from __future__ import annotations

from dataclasses import replace

import httpx

from podforecast.settings import PrometheusSettings, Settings
from podforecast.telemetry.prometheus.client import Connection, address_of
from podforecast.telemetry.prometheus.queries import rate_window_of
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.watcher.composition import connection_to

__all__ = ["address_of", "connection_of", "source_on"]


def connection_of(settings: Settings, prom_host: str | None) -> Connection:
    """Return the connection of the settings, to another address where one is given.

    Credentials of the settings go to whatever address the operator names.
    """
    connection = connection_to(settings.prometheus)
    return replace(connection, url=prom_host) if prom_host else connection


def source_on(
    client: httpx.Client, prometheus: PrometheusSettings, *, paced: bool = False
) -> PrometheusSource:
    """Return what reads a cluster from a server as the settings say.

    With ``paced``, slow signals are read as often as a watcher does.
    """
    return PrometheusSource(
        client,
        rate_window=rate_window_of(prometheus.scrape_interval),
        extra_selector=prometheus.selector,
        paced=paced,
    )

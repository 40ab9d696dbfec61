"""The Prometheus a command talks to: the settings, with the address a command line may change."""

from __future__ import annotations

from dataclasses import replace

from podforecast.settings import Settings
from podforecast.telemetry.prometheus.client import Connection, address_of
from podforecast.watcher.composition import connection_to

__all__ = ["address_of", "connection_of"]


def connection_of(settings: Settings, prom_host: str | None) -> Connection:
    """Return the connection of the settings, to another address where one is given.

    Credentials of the settings go to whatever address the operator names.
    """
    connection = connection_to(settings.prometheus)
    return replace(connection, url=prom_host) if prom_host else connection

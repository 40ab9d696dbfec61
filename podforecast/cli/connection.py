"""The Prometheus a command talks to: the settings, with the address a command line may change."""

from __future__ import annotations

from dataclasses import replace

from podforecast.settings import Settings
from podforecast.telemetry.prometheus.client import Connection
from podforecast.watcher.composition import connection_to


def connection_of(settings: Settings, prom_host: str | None) -> Connection:
    """Return the connection of the settings, to another address where one is given.

    Credentials of the settings go to whatever address the operator names.
    """
    connection = connection_to(settings.prometheus)
    return replace(connection, url=prom_host) if prom_host else connection


def address_of(connection: Connection) -> str:
    """The address without the credentials it may carry.

    >>> address_of(Connection(url="https://me:secret@host/prefix"))
    'https://host/prefix'
    """
    scheme, _, rest = connection.url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"

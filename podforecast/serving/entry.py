"""Builds the application from the settings, for the two ways to start it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from podforecast.model.scorer import load
from podforecast.serving import logs
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions
from podforecast.settings import Settings
from podforecast.telemetry.memory import share_one_heap
from podforecast.watcher.composition import connection_to, followers_of, source_of

if TYPE_CHECKING:
    from podforecast.diagnosis.quick import QuickLook

KEEP_ALIVE_SECONDS = 75
"""Longer than proxies keep an idle connection, which is a minute mostly, and than a service with
little CPU pauses: what comes on a connection while it is closed is lost."""


def service(settings: Settings) -> FastAPI:
    """Build the service with all its routes, and the watcher that the settings ask for."""
    share_one_heap()
    return create_app(
        settings.model_dir,
        load=load,
        options=_options(settings, settings.api.host),
        fleet=source_of(settings),
        followers=followers_of(settings),
    )


def watching(settings: Settings) -> FastAPI:
    """Build the watcher alone: what it found, and nothing that changes anything."""
    share_one_heap()
    return create_app(
        settings.model_dir,
        load=load,
        options=replace(_options(settings, settings.watch.host), headless=True),
        fleet=source_of(settings),
        followers=followers_of(settings),
    )


def serve_watcher(settings: Settings) -> None:
    """Watch, and answer where the settings say, until Ctrl-C."""
    logs.configure(settings.log.level)
    listen(watching(settings), settings.watch.host, settings.watch.port)


def listen(app: FastAPI, host: str, port: int) -> None:
    """Answer until Ctrl-C; requests are logged by the application."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


def _look(settings: Settings) -> Callable[[], QuickLook] | None:
    if settings.source != "prometheus":
        return None

    def look() -> QuickLook:
        from podforecast.diagnosis.quick import quick_look
        from podforecast.telemetry.prometheus.api import QueryApi
        from podforecast.telemetry.prometheus.client import address_of, connect

        connection = connection_to(settings.prometheus)
        with connect(connection) as client:
            address = address_of(connection)
            return quick_look(
                QueryApi(client), address=address, selector=settings.prometheus.selector
            )

    return look


def _options(settings: Settings, host: str) -> ServiceOptions:
    return ServiceOptions(
        host=host,
        **settings.api.model_dump(exclude={"host", "port"}),
        api_keys=tuple(key.get_secret_value() for key in settings.api_keys),
        log_requests=settings.log.requests,
        look_at_prometheus=_look(settings),
    )

"""Builds the application from the settings, for the two ways to start it."""

from __future__ import annotations

from fastapi import FastAPI

from podforecast.model.scorer import load
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions
from podforecast.settings import Settings
from podforecast.watcher.composition import followers_of, source_of


def service(settings: Settings) -> FastAPI:
    """Build the service with all its routes, and the watcher that the settings ask for."""
    return create_app(
        settings.model_dir,
        load=load,
        options=_options(settings),
        fleet=source_of(settings),
        followers=followers_of(settings),
    )


def _options(settings: Settings) -> ServiceOptions:
    return ServiceOptions(
        **settings.api.model_dump(exclude={"port"}),
        api_keys=tuple(key.get_secret_value() for key in settings.api_keys),
        log_requests=settings.log.requests,
    )

"""The web application: routes on top of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from lab.app.page import render_page
from lab.app.registry import ChangesRefused, describe, read_changes
from lab.app.service import Service, make_service
from lab.app.settings import Settings
from lab.app.toggles.process import BadConfig
from lab.app.toggles.requests import ServiceDown, perform_work

NULL_DEVICE = Path("/dev/null")
Handler = Callable[[Request], Awaitable[Response]]

WORK_BODIES = {
    200: b'{"status":"done"}',
    500: b'{"status":"failed"}',
    503: b'{"status":"unavailable"}',
}
FAILURES_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object"},
            "example": {"memory_leak": {"mib_per_minute": 5}, "high_latency": False},
        }
    },
}


def create_app(environ: Mapping[str, str]) -> FastAPI:
    """Build the app; nothing runs before the server starts it."""
    service = make_service(Settings.from_environ(environ))
    app = FastAPI(
        title="Demo app",
        summary="A service that can be told to misbehave.",
        lifespan=_lifespan(service),
        routes=_light_routes(service),
    )
    app.state.service = service
    _add_failures(app, service)
    return app


def _lifespan(service: Service) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if service.settings.bad_config:
            service.board.switch_on(BadConfig(), service)
        yield
        await service.board.close()

    return lifespan


def _light_routes(service: Service) -> list[BaseRoute]:
    """Return the routes that are called all the time, without FastAPI's own work per call."""

    async def work(_: Request) -> Response:
        status = await perform_work(service)
        return Response(WORK_BODIES[status], status, media_type="application/json")

    async def metrics(_: Request) -> Response:
        body = generate_latest(service.telemetry.registry)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    async def page(_: Request) -> Response:
        return HTMLResponse(render_page())

    return [
        Route("/healthz", _healthz(service)),
        Route("/readyz", _readyz(service)),
        Route("/work", work),
        Route("/metrics", metrics),
        Route("/", page),
    ]


def _healthz(service: Service) -> Handler:
    async def healthz(_: Request) -> Response:
        if service.board.find(ServiceDown):
            return Response("down", 503)
        async with service.pool:
            return _touch_disk()

    return healthz


def _touch_disk() -> Response:
    try:
        with NULL_DEVICE.open("rb"):
            return Response("ok")
    except OSError as error:
        return Response(f"can not open files: {error.strerror}", 500)


def _readyz(service: Service) -> Handler:
    async def readyz(_: Request) -> Response:
        if service.warming_up:
            return Response("warming up", 503)
        if service.board.find(ServiceDown):
            return Response("down", 503)
        if service.pool.locked():
            return Response("all workers are busy", 503)
        return Response("ok")

    return readyz


def _add_failures(app: FastAPI, service: Service) -> None:
    @app.get("/failures")
    async def get_failures() -> dict[str, Any]:
        """Return all toggles and their parameters."""
        return describe(service.board)

    @app.post("/failures", response_model=None, openapi_extra={"requestBody": FAILURES_BODY})
    async def post_failures(request: Request) -> dict[str, Any] | Response:
        """Switch toggles: true, false, or an object of parameters each."""
        # Read by hand, so that `curl -d` without a content type works as well.
        try:
            changes = read_changes(await request.body())
        except ChangesRefused as error:
            return JSONResponse({"detail": error.message, "valid": error.valid}, 422)
        for name, toggle in changes.items():
            if toggle is None:
                service.board.switch_off(name)
            else:
                service.board.switch_on(toggle, service)
        return describe(service.board)

"""The short way to routes that need nothing found out about them.

A router tries one route after the other, FastAPI opens two stacks of things to be closed around
every endpoint, and Starlette wraps every message for the case of an error: a third of what a
forecast costs. A plain route without parameters in its path is found in a table and needs none of
it. Its errors are answered by the same handlers as those of any route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from podforecast.serving.plain_route import PlainRoute
from podforecast.serving.problems import Handler


class Express:
    """Answers plain routes, and leaves everything else to the application.

    Parameters
    ----------
    app
        What answers everything else.
    routes
        Those of its router; it goes on having them, for documentation, and for wrong methods.
    handlers
        What answers which kind of error; others are the server's.
    """

    def __init__(
        self, app: ASGIApp, *, routes: Iterable[BaseRoute], handlers: Mapping[type, Handler]
    ) -> None:
        self._app = app
        self._handlers = handlers
        self._routes = {
            (method, route.path): route
            for route in routes
            if isinstance(route, PlainRoute) and "{" not in route.path
            for method in route.methods or ()
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Behind a prefix the path is another one: that is the router's to find out.
        if scope["type"] == "http" and not scope.get("root_path"):
            route = self._routes.get((scope["method"], scope["path"]))
            if route is not None:
                return self._answer(route, scope, receive, send)
        return self._app(scope, receive, send)

    async def _answer(self, route: PlainRoute, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"], scope["endpoint"], scope["path_params"] = route, route.endpoint, {}
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request)
        except Exception as error:  # noqa: BLE001 - what has no handler is raised again
            response = await self._handled(request, error)
        await response(scope, receive, send)

    async def _handled(self, request: Request, error: Exception) -> Response:
        known = (self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers)
        handler = next(known, None)
        if handler is None:
            raise error
        # An error that somebody keeps and raises anew would gather the frames of every request.
        error.__traceback__ = None
        return await handler(request, error)

"""The short way to routes that need nothing found out about them.

A router tries one route after the other, and FastAPI opens two stacks of things to be closed
around every endpoint: a third of what a forecast costs. A plain route without parameters in its
path is found in a table and needs neither. Errors go the usual way: this stands within what
answers them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from podforecast.serving.plain_route import PlainRoute

Router = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


class Express:
    """Answers plain routes, and leaves everything else to a router.

    Parameters
    ----------
    app
        The router.
    routes
        Those of the router; it goes on having them, for documentation, and for wrong methods.
    """

    def __init__(self, app: Router, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._routes = {
            (method, route.path): route
            for route in routes
            if isinstance(route, PlainRoute) and "{" not in route.path
            for method in route.methods or ()
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        # Behind a prefix the path is another one: that is the router's to find out.
        if scope["type"] == "http" and not scope.get("root_path"):
            route = self._routes.get((scope["method"], scope["path"]))
            if route is not None:
                return _answer(route, scope, receive, send)
        return self._app(scope, receive, send)


async def _answer(route: PlainRoute, scope: Scope, receive: Receive, send: Send) -> None:
    scope["route"], scope["endpoint"], scope["path_params"] = route, route.endpoint, {}
    response = await route.endpoint(Request(scope, receive, send))
    await response(scope, receive, send)

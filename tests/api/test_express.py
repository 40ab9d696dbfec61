"""Plain routes are found in a table; all else goes the usual way, and trouble looks the same."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import Response

from podforecast.errors import ModelNotReady
from podforecast.serving import problems
from podforecast.serving.express import Express
from podforecast.serving.plain_route import JsonBytes, PlainRoute


class Told:
    """Notes the paths that come by."""

    def __init__(self, app, asked):
        self._app, self._asked = app, asked

    def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self._asked.append(scope["path"])
        return self._app(scope, receive, send)


def service(root_path: str = "") -> TestClient:
    """Three plain routes and one with a parameter; what is asked of the router is noted."""
    router = APIRouter(route_class=PlainRoute)

    @router.post("/plain")
    async def plain(request: Request) -> Response:
        assert request.scope["route"].path == "/plain"
        return JsonBytes(await request.body())

    @router.get("/trouble")
    async def trouble(request: Request) -> Response:
        raise ModelNotReady(f"nothing at {request.url.path}", hint="Train one.")

    @router.get("/mistake")
    async def mistake(request: Request) -> Response:
        raise ZeroDivisionError

    @router.get("/pods/{name}")
    async def pod(request: Request) -> Response:
        return JsonBytes(b'"%s"' % request.path_params["name"].encode())

    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    asked: list[str] = []
    app.add_middleware(Told, asked=asked)
    app.add_middleware(Express, routes=router.routes, handlers=problems.HANDLERS)
    client = TestClient(app, raise_server_exceptions=False, root_path=root_path)
    client.asked = asked
    return client


def test_a_plain_route_is_answered_without_the_router():
    client = service()
    answer = client.post("/plain", content=b"[1]")
    assert (answer.status_code, answer.json()) == (200, [1])
    assert dict(answer.headers) == {"content-length": "3", "content-type": "application/json"}
    assert client.asked == []


def test_another_method_and_an_unknown_path_are_the_routers():
    client = service()
    assert client.get("/plain").status_code == 405
    assert client.get("/nothing").status_code == 404
    assert client.asked == ["/plain", "/nothing"]


def test_a_path_with_a_parameter_is_the_routers():
    client = service()
    assert client.get("/pods/cart-0").json() == "cart-0"
    assert client.asked == ["/pods/cart-0"]


def test_behind_a_prefix_the_router_finds_the_path():
    client = service(root_path="/forecasts")
    assert client.post("/forecasts/plain", content=b"[2]").json() == [2]
    assert client.post("/plain", content=b"[3]").json() == [3]
    assert len(client.asked) == 2


def test_a_mistake_is_the_servers_to_answer_and_to_raise():
    client = service()
    answer = client.get("/mistake")
    assert (answer.status_code, answer.json()["detail"]) == (500, "the service made a mistake")
    raising = TestClient(client.app)
    with pytest.raises(ZeroDivisionError):
        raising.get("/mistake")


def test_an_error_that_is_kept_gathers_no_traceback():
    kept = ModelNotReady("nothing yet", hint="Train one.")
    router = APIRouter(route_class=PlainRoute)

    @router.get("/kept")
    async def raises(request: Request) -> Response:
        raise kept

    app = FastAPI()
    app.add_middleware(Express, routes=router.routes, handlers=problems.HANDLERS)
    assert [TestClient(app).get("/kept").status_code for _ in range(3)] == [503] * 3
    assert kept.__traceback__ is None


def test_an_error_is_answered_as_on_any_route():
    answer = service().get("/trouble")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("nothing at /trouble")

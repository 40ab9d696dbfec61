"""Plain routes are found in a table; all else, and every trouble, goes the usual way."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import Response

from podforecast.errors import ModelNotReady
from podforecast.serving import problems
from podforecast.serving.express import Express
from podforecast.serving.plain_route import JsonBytes, PlainRoute


def service(root_path: str = "") -> TestClient:
    """Two plain routes and one that is none; the router behind says that it was asked."""
    router = APIRouter(route_class=PlainRoute)

    @router.post("/plain")
    async def plain(request: Request) -> Response:
        assert request.scope["route"].path == "/plain"
        return JsonBytes(await request.body())

    @router.get("/trouble")
    async def trouble(request: Request) -> Response:
        raise ModelNotReady(f"nothing at {request.url.path}", hint="Train one.")

    @router.get("/pods/{name}")
    async def pod(request: Request) -> Response:
        return JsonBytes(b'"%s"' % request.path_params["name"].encode())

    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    inner = app.router.middleware_stack

    async def told(scope, receive, send):
        scope["state"]["usual_way"] = asked.append(scope["path"])
        await inner(scope, receive, send)

    asked: list[str] = []
    app.router.middleware_stack = Express(told, router.routes)
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


def test_an_error_is_answered_as_on_any_route():
    answer = service().get("/trouble")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("nothing at /trouble")

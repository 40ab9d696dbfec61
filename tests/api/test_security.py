"""Who may call, and that a key never shows."""

from __future__ import annotations

import logging

import pytest

from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions

KEY, OTHER = "first-key-0123456789", "second-key-9876543210"
PROBLEM = "application/problem+json"
ANYWHERE = "0.0.0.0"  # noqa: S104 - what the warning is about
CLOSED = ["/", "/model", "/model/curves", "/pods", "/metrics", "/docs", "/openapi.json", "/nowhere"]
ORIGIN = "https://ops.example"


@pytest.fixture
async def locked(serve, scorer):
    """A service that asks for one of two keys."""
    async with serve(lambda _: scorer, api_keys=(KEY, OTHER), cors_origins=(ORIGIN,)) as client:
        yield client


class TestRefused:
    @pytest.mark.parametrize("path", CLOSED)
    async def test_without_a_key(self, locked, path):
        answer = await locked.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == PROBLEM
        assert answer.headers["www-authenticate"] == 'Bearer realm="podforecast"'
        assert answer.json()["detail"] == "this service asks for an API key"
        assert "X-API-Key" in answer.json()["hint"]

    @pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/model/reload"])
    async def test_nothing_is_done_without_a_key(self, locked, scorer, path, example):
        answer = await locked.post(path, json=example)
        assert answer.status_code == 401
        assert not scorer.asked

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"authorization": f"Bearer {KEY}x"}, id="longer"),
            pytest.param({"authorization": f"Bearer {KEY[:-1]}"}, id="shorter"),
            pytest.param({"authorization": KEY}, id="without-the-scheme"),
            pytest.param({"authorization": f"Basic {KEY}"}, id="another-scheme"),
            pytest.param({"authorization": "Bearer"}, id="scheme-alone"),
            pytest.param({"authorization": "Bearer "}, id="empty"),
            pytest.param({"x-api-key": ""}, id="empty-header"),
            pytest.param({"x-api-key": f"{KEY},{OTHER}"}, id="all-at-once"),
            pytest.param({"x-api-key": KEY.upper()}, id="upper-case"),
            pytest.param({"x-api-key": b"\xff\xfe"}, id="no-text"),
            pytest.param({"cookie": f"x-api-key={KEY}"}, id="cookie"),
        ],
    )
    async def test_what_is_no_key_of_this_service(self, locked, headers):
        assert (await locked.get("/model", headers=headers)).status_code == 401

    async def test_a_key_in_the_query_for_it_would_be_logged_on_the_way(self, locked):
        assert (await locked.get(f"/model?x-api-key={KEY}")).status_code == 401

    async def test_a_wrong_key_is_told_from_none(self, locked):
        answer = await locked.get("/model", headers={"x-api-key": "guess"})
        assert answer.json()["detail"] == "this is not a key of this service"

    async def test_before_the_body_is_read(self, serve, scorer):
        async def never():
            raise AssertionError("the body was read")

        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/predict", "headers": [],
                 "query_string": b""}  # fmt: skip
        async with serve(lambda _: scorer, api_keys=(KEY,)) as client:
            await client._transport.app(scope, never, send)
        assert sent[0]["status"] == 401


class TestAccepted:
    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"authorization": f"Bearer {KEY}"}, id="bearer"),
            pytest.param({"authorization": f"bearer  {KEY} "}, id="bearer-in-small-letters"),
            pytest.param({"x-api-key": KEY}, id="header"),
            pytest.param({"x-api-key": OTHER}, id="second-key"),
            pytest.param({"x-api-key": KEY, "authorization": "Basic eDp5"}, id="behind-a-proxy"),
        ],
    )
    async def test_either_header_and_any_key(self, locked, example, headers):
        answer = await locked.post("/predict", json=example, headers=headers)
        assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["/livez", "/readyz"])
    async def test_probes_need_none(self, locked, path):
        assert (await locked.get(path)).status_code == 200

    @pytest.mark.parametrize("path", ["/metrics", "/docs", "/openapi.json"])
    async def test_nothing_needs_one_where_none_is_set(self, client, path):
        assert (await client.get(path)).status_code == 200


class TestCors:
    async def test_the_preflight_passes_without_a_key(self, locked):
        asked = {
            "origin": ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,x-api-key",
        }
        answer = await locked.options("/predict", headers=asked)
        assert answer.status_code == 200
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert {"authorization", "content-type", "x-api-key"} <= set(allowed.split(", "))
        assert "access-control-allow-credentials" not in answer.headers

    async def test_a_page_can_read_why_it_was_refused(self, locked):
        answer = await locked.get("/model", headers={"origin": ORIGIN})
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "x-request-id" in answer.headers["access-control-expose-headers"]

    async def test_an_options_request_that_is_no_preflight_needs_a_key(self, locked):
        assert (await locked.options("/predict")).status_code == 401


class TestNeverShown:
    async def test_neither_in_an_answer_nor_in_the_log(self, locked, example, caplog):
        caplog.set_level(logging.DEBUG)
        shown = []
        for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {OTHER}"}):
            for path in ("/", "/model", "/metrics", "/openapi.json", "/nowhere", "/pods?limit=x"):
                answer = await locked.get(path, headers=headers)
                shown += [answer.text, str(answer.headers)]
            shown.append((await locked.post("/predict", json=example, headers=headers)).text)
        text = "\n".join((*shown, caplog.text))
        assert "route=/predict" in text
        assert KEY not in text
        assert OTHER not in text

    def test_not_by_printing_what_holds_it(self, scorer, tmp_path):
        options = ServiceOptions(api_keys=(KEY,))
        app = create_app(tmp_path, load=lambda _: scorer, options=options)
        assert KEY not in f"{options!r} {app.state.service!r}"


class TestOpenToOthers:
    @pytest.mark.parametrize("host", [ANYWHERE, "::", "192.0.2.7", "node-1"])
    async def test_a_service_without_keys_warns(self, serve, scorer, caplog, host):
        async with serve(lambda _: scorer, host=host):
            assert f"event=open_to_others host={host}" in caplog.text
            assert "PODFORECAST_API_KEYS" in caplog.text

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"host": "127.0.0.1"}, id="this-machine"),
            pytest.param({"host": "localhost"}, id="by-name"),
            pytest.param({"host": "::1"}, id="ipv6"),
            pytest.param({"host": ANYWHERE, "api_keys": (KEY,)}, id="with-keys"),
        ],
    )
    async def test_others_do_not(self, serve, scorer, caplog, options):
        async with serve(lambda _: scorer, **options):
            assert "open_to_others" not in caplog.text

"""The service's key: sent to the service it belongs to, and to nobody else."""

from __future__ import annotations

import httpx
import pytest
from pydantic import SecretStr

from podforecast.ui.client import ServiceClient
from podforecast.ui.dashboard import key_for

OURS = "http://service.example:8000/"


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param("http://evil.example:8000", id="another-host"),
        pytest.param("http://service.example:8001", id="another-port"),
        pytest.param("https://service.example:8000", id="another-scheme"),
        pytest.param("http://service.example:8000@evil.example", id="as-a-user-name"),
        pytest.param("http://service.example:8000.evil.example", id="as-a-prefix"),
        pytest.param("http://service.example:8000/x", id="another-path"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_else_is_typed_in_is_sent_no_key(chosen):
    assert key_for(chosen, address=OURS, api_key=SecretStr("secret")) == ""


@pytest.mark.parametrize("chosen", [OURS, "service.example:8000", " http://service.example:8000 "])
def test_the_service_it_belongs_to_is_sent_it(chosen):
    assert key_for(chosen, address=OURS, api_key=SecretStr("secret")) == "secret"


@pytest.mark.parametrize(("key", "sent"), [("secret", "secret"), ("", None)])
def test_every_request_shows_the_key_if_there_is_one(key, sent):
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(200, json={})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        client = ServiceClient(OURS, http=http, api_key=key)
        client.connection()
        client.predict({})
        client.model()
    assert [request.headers.get("x-api-key") for request in asked] == [sent] * 3

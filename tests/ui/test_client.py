"""The dashboard's client: whatever answers, or does not, comes back as a value."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from podforecast.ui.client import STRANGER, ServiceClient
from podforecast.ui.outcomes import Answered, Connected, Declined, Unreachable


class FakeService(BaseHTTPRequestHandler):
    """Not the service: answers what the server object tells it to."""

    def _answer(self):
        self.server.paths.append(self.path)
        self.server.asked.append(self.rfile.read(int(self.headers.get("content-length", 0))))
        if self.server.hangs.is_set():
            self.server.released.wait(5)
        self.send_response(self.server.status)
        self.send_header("content-type", self.server.content_type)
        for name, value in self.server.headers_out.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def log_message(self, *_):
        pass


@contextmanager
def running():
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeService)
    server.status, server.content_type, server.body = 200, "application/json", b"{}"
    server.headers_out, server.asked, server.paths = {}, [], []
    server.hangs, server.released = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def service():
    with running() as server:
        yield server


@pytest.fixture
def http():
    with httpx.Client(timeout=0.3, trust_env=False) as client:
        yield client


@pytest.fixture
def client(service, http):
    return ServiceClient(f"127.0.0.1:{service.server_port}/", http=http)


def answers(service, document, *, status=200, content_type="application/json"):
    service.status, service.content_type = status, content_type
    service.body = document if isinstance(document, bytes) else document.model_dump_json().encode()


class TestNoAnswer:
    def test_nothing_listens(self, client, service):
        service.shutdown()
        service.server_close()
        outcome = client.predict({})
        assert isinstance(outcome, Unreachable)
        assert outcome.reason == "nothing listens there"
        assert outcome.address == client.address

    def test_it_hangs(self, client, service):
        service.hangs.set()
        assert client.connection() == Unreachable(client.address, "it did not answer in time")

    @pytest.mark.parametrize("address", ["http://", "http://[", "ftp://x", "a b", "http://x:y"])
    def test_what_is_no_address_is_no_error(self, http, address):
        outcome = ServiceClient(address, http=http).connection()
        assert isinstance(outcome, Unreachable)
        assert outcome.reason

    def test_it_refers_elsewhere(self, client, service):
        service.status, service.headers_out = 301, {"location": "https://other.example/"}
        assert client.connection().reason == "it refers to https://other.example/"


class TestStrangers:
    @pytest.mark.parametrize(
        ("body", "status", "content_type"),
        [
            pytest.param(b"<html>502</html>", 502, "text/html", id="proxy"),
            pytest.param(b"{}", 200, "application/json", id="other-json"),
            pytest.param(b"", 200, "application/json", id="empty"),
            pytest.param(b"{}", 422, "application/problem+json", id="other-problem"),
            pytest.param(b'{"failure_prob', 200, "application/json", id="truncated"),
        ],
    )
    def test_whoever_speaks_differently_is_not_believed(
        self, client, service, body, status, content_type
    ):
        answers(service, body, status=status, content_type=content_type)
        assert client.predict({}) == Unreachable(client.address, STRANGER)
        assert client.connection() == Unreachable(client.address, STRANGER)


class TestDeclined:
    PROBLEM = "application/problem+json"

    def test_without_a_model_the_problem_comes_through(self, client, service, no_model):
        answers(service, no_model, status=503, content_type=self.PROBLEM)
        assert client.predict({}) == Declined(no_model)
        assert client.connection() == Declined(no_model)

    def test_bad_input_comes_through_field_by_field(self, client, service, bad_input):
        answers(service, bad_input, status=422, content_type=self.PROBLEM)
        assert client.predict({}) == Declined(bad_input)


class TestAnswered:
    def test_a_forecast_comes_through(self, client, service, make_forecast):
        answers(service, make_forecast(0.2))
        assert client.predict({"pod_id": "x"}) == Answered(make_forecast(0.2))

    def test_an_explained_forecast_is_asked_for_and_comes_through(
        self, client, service, make_explained
    ):
        answers(service, make_explained(0.2))
        assert client.explained({"pod_id": "x", "memory_peak_pct": None}) == Answered(
            make_explained(0.2)
        )
        assert service.paths == ["/predict?explain=true"]
        assert json.loads(service.asked[-1]) == {"pod_id": "x"}

    def test_a_forecast_without_the_reasons_asked_for_is_not_believed(
        self, client, service, make_forecast
    ):
        answers(service, make_forecast(0.2))
        assert client.explained({"pod_id": "x"}) == Unreachable(client.address, STRANGER)

    def test_what_was_not_measured_is_not_sent(self, client, service):
        client.predict({"pod_id": "x", "memory_peak_pct": None, "replica_count": 0})
        assert json.loads(service.asked[-1]) == {"pod_id": "x", "replica_count": 0}

    def test_a_ready_service_is_connected(self, client, service):
        service.body = (
            b'{"status": "ready", "model_version": "v7", "path": "fast", "path_reason": null,'
            b' "source": null, "troubles": {}, "targets_missing": {}}'
        )
        assert client.connection() == Connected(client.address, "v7")


class TestFleet:
    def test_a_scan_comes_through(self, client, service, make_fleet):
        answers(service, make_fleet())
        assert client.pods({"state": "at_risk", "q": "a b&c"}) == Answered(make_fleet())
        assert service.paths[-1] == "/pods?state=at_risk&q=a+b%26c"

    def test_names_of_pods_can_not_lead_elsewhere(self, client, service, make_detail):
        answers(service, make_detail())
        assert client.pod("shop", "../model?x=1#") == Answered(make_detail())
        assert service.paths[-1] == "/pods/shop/..%2Fmodel%3Fx%3D1%23"

    def test_a_pod_that_is_gone_comes_through(self, client, service, no_such_pod):
        answers(service, no_such_pod, status=404, content_type="application/problem+json")
        assert client.pod("shop", "cart-0") == Declined(no_such_pod)

    def test_what_is_asked_again_and_again_waits_no_longer_than_the_rest(self, client, service):
        service.hangs.set()
        assert client.pods({}) == Unreachable(client.address, "it did not answer in time")

"""The log: one line per event that a machine can read and no input can forge."""

from __future__ import annotations

import json
import logging
import logging.config
import re
import sys

import pytest

from podforecast.serving import logs

LINE = re.compile(
    r"event=request method=(\w+) route=(\S+) status=(\d+) ms=(\d+\.\d) request_id=(\S+)"
    r" bytes_in=(\d+)"
)


@pytest.fixture
def requests_of(caplog):
    caplog.set_level(logging.INFO, logger="podforecast.requests")

    def lines():
        said = [r.getMessage() for r in caplog.records if r.name == "podforecast.requests"]
        found = [LINE.fullmatch(line) for line in said]
        assert None not in found, said
        return [match.groups() for match in found]

    return lines


@pytest.fixture
def as_configured(capsys):
    """Write the log as an entry point does; undone afterwards."""
    names = ("podforecast", "podforecast.requests", "uvicorn", "uvicorn.access", "uvicorn.error")
    loggers = [logging.getLogger(), *map(logging.getLogger, names)]
    before = [(item, item.level, item.handlers[:], item.propagate) for item in loggers]
    switches = logging.logThreads, logging.logProcesses, logging.logMultiprocessing

    def configure(level="info"):
        logs.configure(level)
        return capsys

    yield configure
    logging.logThreads, logging.logProcesses, logging.logMultiprocessing = switches
    for item, level, handlers, propagate in before:
        item.setLevel(level)
        item.handlers[:] = handlers
        item.propagate = propagate


class TestRequests:
    async def test_each_leaves_one_line(self, client, example, requests_of):
        body = json.dumps(example)
        await client.post("/predict", content=body, headers={"x-request-id": "trace-1"})
        await client.get("/livez")
        first, second = requests_of()
        assert first[:3] == ("POST", "/predict", "200")
        assert first[4:] == ("trace-1", str(len(body)))
        assert (second[1], second[5]) == ("/livez", "0")

    async def test_what_was_refused_too(self, client, requests_of):
        await client.post("/predict", content=b"{}")
        await client.get("/predict")
        await client.get("/nowhere")
        assert [(line[1], line[2]) for line in requests_of()] == [
            ("/predict", "422"),
            ("/predict", "405"),
            ("other", "404"),
        ]

    async def test_nothing_that_was_sent_is_in_it(self, client, example, caplog):
        caplog.set_level(logging.DEBUG)
        await client.post(
            "/predict?token=in-the-query",
            json=example | {"pod_id": "in-the-body"},
            headers={"cookie": "in-a-header", "user-agent": "in-the-agent"},
        )
        await client.get("/pods/in-the-path/in-the-name")
        # The client of the test writes down where it goes.
        written = "\n".join(r.getMessage() for r in caplog.records if r.name != "httpx")
        for sent in ("in-the-query", "in-the-body", "in-a-header", "in-the-agent", "in-the-path"):
            assert sent not in written
        assert "route=/pods/{namespace}/{pod}" in written

    @pytest.mark.parametrize(
        "path",
        [
            pytest.param("/x%0Aevent=request%20status=200", id="newline"),
            pytest.param("/%1b%5b31mred", id="terminal-colours"),
            pytest.param("/%E2%80%A8x", id="unicode-line"),
            pytest.param("/%ff%fe", id="no-utf-8"),
            pytest.param("/pods/a%0Ab/c%0Dd", id="newline-in-a-name"),
        ],
    )
    async def test_no_path_forges_a_line(self, client, requests_of, path):
        await client.get(path)
        assert len(requests_of()) == 1

    @pytest.mark.parametrize("forged", [b"a\nb", b"a b=c", b"\x1b[31m", b"\xff", b"a" * 200])
    async def test_no_request_id_forges_a_line(self, client, requests_of, forged):
        await client.get("/livez", headers={b"x-request-id": forged})
        ((*_, request_id, _bytes),) = requests_of()
        assert re.fullmatch("[0-9a-f]{32}", request_id)

    async def test_a_method_of_ones_own_is_other(self, client, requests_of):
        await client.request("BREW", "/livez")
        assert requests_of()[0][0] == "other"

    async def test_they_can_be_left_out(self, serve, scorer, caplog):
        caplog.set_level(logging.INFO)
        async with serve(lambda _: scorer, log_requests=False) as client:
            await client.get("/livez")
        assert "event=request" not in caplog.text

    async def test_a_mistake_of_ours_is_a_warning(self, client, scorer, example, caplog):
        scorer.threshold = None
        await client.post("/predict", json=example)
        (record,) = [r for r in caplog.records if r.name == "podforecast.requests"]
        assert record.levelno == logging.WARNING
        assert "status=500" in record.getMessage()


class TestLines:
    async def test_requests_go_to_stdout_and_the_rest_to_stderr(self, as_configured, serve, scorer):
        output = as_configured()
        async with serve(lambda _: scorer) as client:
            await client.get("/livez")
        out, err = output.readouterr()
        assert re.fullmatch(
            r"ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=info " + LINE.pattern + "\n", out
        )
        assert "logger=podforecast.serving.model_slot event=model_loaded model=fake-1" in err
        assert "event=request" not in err

    def test_from_warning_on_only_failed_requests_are_written(self, as_configured):
        output = as_configured("warning")
        logs.log_request("status=200", level=logging.INFO)
        logs.log_request("status=500", level=logging.WARNING)
        out, _ = output.readouterr()
        assert "status=200" not in out
        assert "level=warning status=500" in out

    def test_messages_of_others_are_quoted_in_one_line(self, as_configured):
        output = as_configured()
        logging.getLogger("uvicorn.error").info('Started "%s"', "a\nb")
        _, err = output.readouterr()
        assert err.endswith(' level=info logger=uvicorn.error message="Started \\"a\\nb\\""\n')

    def test_one_of_ours_that_would_break_is_quoted_as_well(self, as_configured):
        output = as_configured()
        logging.getLogger("podforecast.x").warning("event=odd name=%s", "a\x1b[31m\u2028b")
        _, err = output.readouterr()
        assert err.isascii()
        assert err.count("\n") == 1

    def test_a_traceback_stays_in_its_line(self, as_configured):
        output = as_configured()
        try:
            int("first\nsecond")
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
        _, err = output.readouterr()
        assert err.count("\n") == 1
        assert 'traceback="Traceback' in err
        assert "ValueError" in err

    def test_uvicorn_writes_no_line_per_request_of_its_own(self, as_configured):
        as_configured()
        assert not logging.getLogger("uvicorn.access").hasHandlers()

    @pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
    def test_every_level_of_the_settings_is_known(self, as_configured, level):
        as_configured(level)
        assert logging.getLogger("podforecast").level == getattr(logging, level.upper())
        assert logging.getLogger().handlers[0].stream is sys.stderr

"""``python -m podforecast watch``: what is refused, one look, and the watcher as a process."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from podforecast.cli.main import main
from podforecast.model import scorer
from tests.api.conftest import fake_manifest
from tests.telemetry.prometheus_server import free_port
from tests.watcher.made_up import MemoryModel, write_campaign

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir(tmp_path):
    return write_campaign(tmp_path / "data")


@pytest.fixture
def replaying(data_dir, monkeypatch):
    """Settings of a replay as of minute 16.75, and a fake where the model would be."""
    monkeypatch.setenv("PODFORECAST_SOURCE", "replay")
    monkeypatch.setenv("PODFORECAST_REPLAY__DATA_DIR", str(data_dir))
    monkeypatch.setenv("PODFORECAST_REPLAY__START_MINUTE", "16.75")
    monkeypatch.setattr(scorer, "load", lambda _: MemoryModel(manifest=fake_manifest()))


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command; its code and what it printed."""

    def running(*arguments):
        monkeypatch.setattr(sys, "argv", ["podforecast", "watch", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        code = main()
        return code, capsys.readouterr()

    return running


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            pytest.param(["--shard", "four"], "PODFORECAST_WATCH__SHARD", id="shard-in-words"),
            pytest.param(["--shard", "5/4"], "no part 5 of 4", id="no-such-shard"),
            pytest.param(["--interval", "1"], "PODFORECAST_WATCH__INTERVAL", id="too-often"),
            pytest.param(["--port", "99999"], "PODFORECAST_WATCH__PORT", id="port"),
            pytest.param(["--prom-host", "nowhere"], "PODFORECAST_PROMETHEUS__URL", id="no-url"),
            pytest.param(["--source", "none"], "nothing to watch", id="nothing"),
            pytest.param(["--source", "datadog"], "PODFORECAST_SOURCE", id="unknown-source"),
            pytest.param(["--json"], "--once", id="json-of-a-server"),
        ],
    )
    def test_wrong_usage_is_named(self, run, arguments, named):
        code, printed = run(*arguments)
        assert code == 2
        assert named in printed.err
        assert "Traceback" not in printed.err

    def test_a_port_in_use_is_named(self, run):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, printed = run("--port", str(port))
        assert (code, f"127.0.0.1:{port} can not be used" in printed.err) == (2, True)

    def test_without_a_model_it_says_how_to_get_one(self, run, monkeypatch, tmp_path):
        monkeypatch.setenv("PODFORECAST_MODEL_DIR", str(tmp_path))
        code, printed = run("--once", "--source", "replay")
        assert code == 1
        assert "train_model.py" in printed.err

    def test_a_prometheus_that_does_not_answer_is_named(self, run, replaying):
        code, printed = run(
            "--once", "--source", "prometheus", "--prom-host", f"http://127.0.0.1:{free_port()}"
        )
        assert (code, printed.out) == (1, "")
        assert "127.0.0.1" in printed.err


class TestOnce:
    def test_the_riskiest_pods_are_printed_with_reasons_and_what_to_do(self, run, replaying):
        code, printed = run("--once")
        assert code == 0
        head, _, _, *rows = printed.out.splitlines()
        assert head == (
            "2026-01-01 12:16:45 UTC, 5 pods: 1 at risk, 1 failing, 1 insufficient data, 2 stable"
        )
        assert re.match(r"shop/cart-1 +failing +Failed last: exit\.", rows[0])
        assert re.match(r"shop/cart-0 +at risk +85% +Memory usage is 85", rows[1])

    def test_more_than_fit_are_counted(self, run, replaying):
        _, printed = run("--once", "--limit", "1")
        assert "shop/cart-0" not in printed.out
        assert printed.out.endswith("3 more: --limit\n")

    def test_as_json_it_is_what_the_route_answers(self, run, replaying):
        code, printed = run("--once", "--json")
        answer = json.loads(printed.out)
        assert (code, answer["total"], answer["counts"]["at_risk"]) == (0, 4, 1)
        assert answer["scanned_at"] == "2026-01-01T12:16:45Z"
        assert answer["predictions"][1]["pod"] == "cart-0"
        assert answer["predictions"][1]["reasons"]


@pytest.fixture
def watcher(data_dir, tmp_path):
    """Start the command with a replay and no model; it ends with the test."""
    port = free_port()
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        child = subprocess.Popen(
            [sys.executable, "-m", "podforecast", "watch", "--port", str(port)],
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "PODFORECAST_SOURCE": "replay",
                "PODFORECAST_REPLAY__DATA_DIR": str(data_dir),
                "PODFORECAST_MODEL_DIR": str(tmp_path / "models"),
            },
            stdout=out,
            stderr=err,
        )
    yield child, f"http://127.0.0.1:{port}"
    child.kill()
    child.wait(10)


def wait_until_alive(child, url):
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline and child.poll() is None:
        try:
            return httpx.get(f"{url}/livez", timeout=5, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the watcher is not alive, exit code {child.poll()}")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_it_says_what_it_watches_and_ends_cleanly(watcher, tmp_path, ending):
    child, url = watcher
    wait_until_alive(child, url)
    assert httpx.get(f"{url}/readyz", timeout=5, trust_env=False).status_code == 503
    assert httpx.post(f"{url}/predict", timeout=5, trust_env=False).status_code == 404
    child.send_signal(ending)
    assert child.wait(20) == 0
    err = (tmp_path / "err").read_text()
    assert "replays the recorded campaign brook at 10 times real time, by the model in" in err
    assert f"answers {url}/prediction; Ctrl-C ends it" in err
    assert "Traceback" not in err

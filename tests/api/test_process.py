"""The service as it is started: its own log, no word of its server, an orderly end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
KEY = "a-key-for-the-process"
LINE = re.compile(r"ts=\S+Z level=(info|warning) (event=request|logger=\S+) .+")

BY_HAND = ["app.py"]
BY_UVICORN = ["-m", "uvicorn", "app:app", "--no-server-header"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    """Start the service; it ends with the test."""
    children = []

    def starting(command, **variables):
        port = free_port()
        command = [*command, "--port", str(port)] if "uvicorn" in command else command
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONUNBUFFERED": "1",
            "PODFORECAST_MODEL_DIR": str(tmp_path / "models"),
            "PODFORECAST_SOURCE": "none",
            "PODFORECAST_API__PORT": str(port),
        } | variables
        with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
            child = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=environment, stdout=out, stderr=err
            )
        children.append(child)
        return child, wait_until_alive(f"http://127.0.0.1:{port}", child)

    yield starting
    for child in children:
        child.kill()
        child.wait(10)


def wait_until_alive(url, child):
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline and child.poll() is None:
        try:
            httpx.get(f"{url}/livez", timeout=5, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return url
    raise AssertionError(f"the service is not alive, exit code {child.poll()}")


@pytest.mark.parametrize("command", [BY_HAND, BY_UVICORN], ids=["python", "uvicorn"])
def test_it_writes_one_log_and_ends_in_order(start, command, tmp_path):
    child, url = start(command, PODFORECAST_API_KEYS=KEY)
    with httpx.Client(base_url=url, headers={"x-api-key": KEY}, trust_env=False) as client:
        assert client.get("/readyz").status_code == 503
        answer = client.get("/model?secret=in-the-query")
    assert answer.status_code == 503
    assert "server" not in answer.headers
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) in {0, -signal.SIGTERM}

    out, err = (tmp_path / "out").read_text(), (tmp_path / "err").read_text()
    assert out.count("route=/model status=503") == 1
    assert [line for line in (out + err).splitlines() if not LINE.fullmatch(line)] == []
    assert 'message="Application shutdown complete."' in err
    for secret in (KEY, "in-the-query"):
        assert secret not in out + err


def test_a_service_that_is_open_to_others_says_so(start, tmp_path):
    start(BY_HAND, PODFORECAST_API__HOST="0.0.0.0")  # noqa: S104 - what the warning is about
    assert "level=warning" in (tmp_path / "err").read_text()
    assert "event=open_to_others host=0.0.0.0" in (tmp_path / "err").read_text()


def test_it_can_be_told_to_say_less(start, tmp_path):
    _, url = start(BY_HAND, PODFORECAST_LOG__LEVEL="error", PODFORECAST_LOG__REQUESTS="false")
    httpx.get(f"{url}/", trust_env=False)
    assert (tmp_path / "out").read_text() == ""
    assert (tmp_path / "err").read_text() == ""


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        pytest.param({"API_KEYS": "hunter2"}, "PODFORECAST_API_KEYS", id="key"),
        pytest.param(
            {"SOURCE": "prometheus", "ALERTS__WEBHOOK_URLS": '["ftp://hooks.example/hunter2"]'},
            "webhook 1",
            id="address-to-alert",
        ),
    ],
)
def test_a_setting_that_can_not_be_used_stops_it_without_a_word_of_a_secret(settings, named):
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"}
        | {f"PODFORECAST_{name}": value for name, value in settings.items()},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stdout + done.stderr

"""A real service, a real dashboard, and somebody in front of a real browser."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import streamlit
from playwright.sync_api import Error, expect, sync_playwright

ROOT = Path(__file__).parents[2]
STREAMLIT = Path(streamlit.__file__).parent / "static"
START_SECONDS = 90
PATIENCE_MS = 30_000
"""For one thing to appear. Far more than it takes, since machines that run tests are busy."""
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
NOT_OURS = re.compile(
    r"/_stcore/(health|host-config)"  # Streamlit looks for itself below the address of a page
    r"|ERR_NETWORK_CHANGED"  # this machine got or lost a network interface
    r"|ERR_CONNECTION_REFUSED"  # at the end, when the dashboard is stopped first
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A program of ours that listens; started and stopped as a user would."""

    def __init__(self, arguments, *, port, health, log, **environment):
        self.url = f"http://127.0.0.1:{port}"
        self._arguments, self._health, self._log = arguments, self.url + health, log
        self._environment = {"PATH": "/usr/bin:/bin", "HOME": str(log.parent), **environment}
        self._child = None

    def start(self):
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", *self._arguments],
                cwd=ROOT, env=self._environment, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self._child.poll() is None, self._log.read_text()[-2000:]
            try:
                if httpx.get(self._health, timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{self._health} is not ready: {self._log.read_text()[-2000:]}")

    def stop(self):
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
            self._child.wait(20)
            self._child = None


@contextmanager
def running(server):
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def api_port():
    return free_port()


@pytest.fixture
def api(trained, api_port, folder):
    """The service, with a fast replay of the campaign that the model has not seen."""
    server = Server(
        ["uvicorn", "app:app", "--port", str(api_port), "--log-level", "warning"],
        port=api_port, health="/readyz", log=folder / "api.log",
        PODFORECAST_MODEL_DIR=str(trained[0]), PODFORECAST_REPLAY__SPEED="60",
    )  # fmt: skip
    with running(server):
        yield server


@pytest.fixture(scope="module")
def dashboard(api_port, folder):
    port = free_port()
    server = Server(
        ["streamlit", "run", "streamlit_app.py", "--server.port", str(port),
         "--server.address", "127.0.0.1", "--server.headless", "true",
         "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"],
        port=port, health="/_stcore/health", log=folder / "dashboard.log",
        PODFORECAST_DASHBOARD__API_URL=f"http://127.0.0.1:{api_port}",
    )  # fmt: skip
    with running(server):
        yield server


@pytest.fixture(scope="module")
def chromium():
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def color_scheme():
    return "light"


@pytest.fixture
def page(chromium, dashboard, api, color_scheme):
    """The first page as a visitor sees it. Ends with a look at what the browser complained of."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 1000}, color_scheme=color_scheme
    )
    # Where containers come and go, so do network interfaces, and Chromium then drops all downloads:
    # Streamlit's own files, which are many, come from the disk.
    context.route(f"{dashboard.url}/static/**", from_disk)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{message.text} {message.location.get('url', '')}")
            if message.type == "error"
            else None
        ),
    )
    visit(page, dashboard.url)
    yield page
    context.unroute_all(behavior="ignoreErrors")
    context.close()
    assert [text for text in complaints if not NOT_OURS.search(text)] == []


def from_disk(route):
    route.fulfill(path=STREAMLIT / urlsplit(route.request.url).path.lstrip("/"))


def visit(page, url, *, attempts=3):
    """Open a page; again where the network of the machine changed while it was loading."""
    for attempt in range(1, attempts + 1):
        try:
            page.goto(url)
            expect(page.get_by_label("Service address")).to_be_visible()
        except (Error, AssertionError):
            if attempt == attempts:
                raise
        else:
            return

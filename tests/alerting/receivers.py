"""Those who are told: a real Alertmanager, and a webhook at the edge that behaves as it is told."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx

from tests.telemetry.prometheus_server import free_port

CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
DEADLINE = 20.0


def eventually(check: Callable[[], bool], what: str) -> None:
    """Wait for a real program, with an end to patience."""
    deadline = time.monotonic() + DEADLINE
    while not check():
        assert time.monotonic() < deadline, f"not within {DEADLINE:g} s: {what}"
        time.sleep(0.02)


class Alertmanager:
    """A real one, that can be stopped and started again with nothing remembered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}/am"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "config.yml").write_text(CONFIG)

    def start(self) -> None:
        host = self.url.removeprefix("http://").removesuffix("/am")
        data = self.folder / f"data-{time.monotonic_ns()}"
        command = [
            "prometheus-alertmanager",
            f"--config.file={self.folder / 'config.yml'}",
            f"--storage.path={data}",
            f"--web.listen-address={host}",
            f"--web.external-url={self.url}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(self._is_ready, "Alertmanager is ready")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def alerts(self, **labels: str) -> list[dict]:
        """Alerts that are active, with these labels."""
        found = httpx.get(f"{self.url}/api/v2/alerts", trust_env=False).json()
        return [each for each in found if labels.items() <= each["labels"].items()]

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / "log").read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/-/ready", trust_env=False).status_code == 200
        return False


@dataclass
class Reply:
    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


class FakeWebhook:
    """A fake: replies as it is told, in turn, and with 200 when nothing was told."""

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self.received: list[tuple[dict[str, str], object]] = []
        self.let_go = Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fake.received.append((dict(self.headers) | {"path": self.path}, json.loads(body)))
                reply = fake.replies.popleft() if fake.replies else Reply()
                if reply.hangs:
                    fake.let_go.wait(DEADLINE)
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.text.encode())

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeWebhook]:
        thread = Thread(target=self.server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self.let_go.set()
            self.server.shutdown()
            thread.join()
            self.server.server_close()

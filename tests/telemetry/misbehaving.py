"""An HTTP server that answers as a Prometheus should not."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Answer = Callable[["Handler"], None]


@dataclass
class MisbehavingPrometheus:
    """What it answers can be changed; what it was asked can be read."""

    url: str
    answer: Answer
    asked: list[Asked] = field(default_factory=list)
    finished: threading.Event = field(default_factory=threading.Event)
    """Set at the end, for handlers that hang."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]


class Handler(BaseHTTPRequestHandler):
    """Notes the request and lets the server's answer have its way."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    asked: Asked
    """What it is to answer; requests come in several threads."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self._note(body)

    def do_GET(self) -> None:
        self._note(self.path.partition("?")[2])

    def _note(self, text: str) -> None:
        story = self.server.story
        fields = {name: values[0] for name, values in parse_qs(text).items()}
        path = self.path.partition("?")[0]
        self.asked = Asked(self.command, path, dict(self.headers), fields)
        story.asked.append(self.asked)
        story.answer(self)

    def log_message(self, *args: object) -> None:
        """Keep the tests' output clean."""


class Server(ThreadingHTTPServer):
    """Its threads end with the test."""

    daemon_threads = True
    story: MisbehavingPrometheus

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the tests."""


@contextlib.contextmanager
def misbehaving(
    answer: Answer, *, tls: ssl.SSLContext | None = None
) -> Iterator[MisbehavingPrometheus]:
    """Serve on a free port."""
    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if tls is not None:
        scheme = "https"
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.story = MisbehavingPrometheus(f"{scheme}://127.0.0.1:{server.server_port}", answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.story
    finally:
        server.story.finished.set()
        server.shutdown()
        thread.join()
        server.server_close()


# ------------------------------------------------------------------ answers


def text(body: str | bytes, *, status: int = 200, kind: str = "application/json", **headers: str):
    """Answer with a body."""

    def answer(handler: Handler) -> None:
        data = body.encode() if isinstance(body, str) else body
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def matrix(*series: dict[str, object]) -> str:
    """A well-formed answer."""
    data = {"resultType": "matrix", "result": list(series)}
    return json.dumps({"status": "success", "data": data})


def failure(status: int, error: str) -> Answer:
    """What Prometheus says when it does not like a query."""
    body = {"status": "error", "errorType": "execution", "error": error}
    return text(json.dumps(body), status=status)


def nothing(handler: Handler) -> None:
    """Hang until the test is over."""
    handler.server.story.finished.wait()


def hang_up(handler: Handler) -> None:
    """Close the connection instead of answering."""
    handler.close_connection = True


def cut_short(body: str) -> Answer:
    """Promise more bytes than are sent."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) + 100))
        handler.end_headers()
        handler.wfile.write(body.encode())
        handler.close_connection = True

    return answer


def drip(handler: Handler) -> None:
    """Send byte after byte, as long as somebody listens."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while not handler.server.story.finished.is_set():
            handler.wfile.write(b"1\r\n \r\n")


def by_turns(*answers: Answer) -> Answer:
    """One answer after the other; the last one again and again."""
    left = list(answers)

    def answer(handler: Handler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer

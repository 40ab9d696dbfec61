"""``python -m benchmarks.load PORT CONNECTIONS SECONDS``: ask /predict without a pause.

A process of its own, so that its work is not counted with the server's. Each connection sends its
next request when the last one is answered. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

LAST_ANSWER_WITHIN_SECONDS = 30.0
EXAMPLE = Path(__file__).parents[1] / "example.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came back."""

    requests: int
    refused: int
    """Answers other than 200, and connections that ended early."""
    seconds: float
    p50_ms: float
    p99_ms: float


@dataclass(slots=True)
class Tally:
    """What the connections of one run share."""

    request: bytes
    ends_at: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0


class Connection(asyncio.Protocol):
    """Sends, waits for the whole answer, sends again."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = bytearray()
        self._sent_at = 0.0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        length = answer_length(self._buffer)
        if length is None or len(self._buffer) < length:
            return
        now = time.perf_counter()
        self._tally.latencies.append(now - self._sent_at)
        self._tally.refused += not self._buffer.startswith(b"HTTP/1.1 200")
        del self._buffer[:length]
        if now < self._tally.ends_at:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._tally.refused += time.perf_counter() < self._tally.ends_at
        self.closed.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._tally.request)


def answer_length(received: bytes | bytearray) -> int | None:
    r"""Bytes of the answer that ``received`` begins with; None until its head is there.

    >>> answer_length(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
    40
    """
    head, end, _ = received.partition(b"\r\n\r\n")
    if not end:
        return None
    _, _, rest = head.lower().partition(b"\r\ncontent-length:")
    return len(head) + len(end) + int(rest.partition(b"\r\n")[0])


def request_bytes(body: bytes, port: int) -> bytes:
    """POST /predict as a keep-alive client sends it."""
    head = (
        f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(port: int, *, connections: int, seconds: float) -> Load:
    """Keep every connection busy for so long."""
    begins_at = time.perf_counter()
    request = request_bytes(EXAMPLE.read_bytes(), port)
    tally = Tally(request=request, ends_at=begins_at + seconds)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(tally), "127.0.0.1", port)
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + LAST_ANSWER_WITHIN_SECONDS):
        await asyncio.gather(*(connection.closed for _, connection in made))
    ordered = sorted(tally.latencies)
    return Load(
        requests=len(ordered),
        refused=tally.refused,
        seconds=time.perf_counter() - begins_at,
        p50_ms=1e3 * ordered[len(ordered) // 2],
        p99_ms=1e3 * ordered[int(0.99 * (len(ordered) - 1))],
    )


def main() -> None:
    import uvloop

    port, connections, seconds = sys.argv[1:]
    load = uvloop.run(ask(int(port), connections=int(connections), seconds=float(seconds)))
    print(json.dumps(asdict(load)))


if __name__ == "__main__":
    main()

"""Callers of a service that is shot at: some want forecasts, the others want it to break.

Each kind runs until the time is up and writes into one ledger what it was answered. A fault is an
answer that must not be: a 5xx but 503, or anything but the forecast where the request was valid.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

MEBIBYTE = 1024 * 1024
SHOWN_FAULTS = 20
ODD_PATHS = ("/nowhere", "/predict/", "/../etc/passwd", "/%00", "/pods/%0a/%ff", "/" + "a" * 4000)
ODD_NAMES = ("x", "%20", "..", "a" * 300, "ä", "%00", "-", "%0Aevent=request")
ODD_QUERIES = ("", "?limit=-1", "?limit=x", "?q=%00", "?explain=perhaps", "?" + "a=b&" * 500)
ODD_BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"[[]]",
    b'"text"',
    b"\xff\xfe\x00",
    b"{" * 10_000,
    b"[" * 100_000,
    b'{"pod_id": "x", "cpu_usage_pct": 1e999}',
    b'{"pod_id": NaN}',
    b"[7, {}, null]",
    b'{"pod_id": ["a"], "cpu_usage_pct": []}',
    b"ARROW1\x00\x00" + b"\xff" * 64,
)
ODD_TYPES = (
    "application/json",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
    "text/html",
    "",
)
NO_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nx",
    b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
)


@dataclass
class Ledger:
    """What was answered: how often by kind of caller and status, and what must not have been."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def write(self, kind: str, status: int, *, is_fault: bool, about: str) -> None:
        self.answers[kind, status] += 1
        if is_fault and len(self.faults) < SHOWN_FAULTS:
            self.faults.append(f"{kind}: {status} {about[:300]}")

    def kinds(self) -> set[str]:
        return {kind for kind, _ in self.answers}


@dataclass
class Fire:
    """One target, one ledger, one end.

    Parameters
    ----------
    url
        Of the service.
    example
        A valid body of ``/predict``.
    models
        Version and threshold of each model that may answer.
    swap
        Puts another model into the service's folder.
    seconds
        How long.
    at_least
        How often each kind of caller has to be answered what, however long that takes.
    """

    url: httpx.URL
    example: dict[str, object]
    models: set[tuple[str, float]]
    swap: Callable[[], None]
    seconds: float
    at_least: Mapping[tuple[str, int], int] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    ends: float = 0.0

    async def run(self, clients: int) -> Ledger:
        """Shoot with that many callers at once; the kinds take turns in being assigned."""
        self.ends = time.monotonic() + self.seconds
        kinds = itertools.cycle(
            (
                forecasts,
                forecasts,
                forecasts,
                forecasts,
                oddities,
                batches,
                slow,
                no_http,
                oversized,
            )
        )
        callers = [next(kinds)(self, random.Random(n)) for n in range(clients - 3)]
        callers += [probes(self), reloads(self), metrics(self)]
        async with asyncio.TaskGroup() as group:
            for caller in callers:
                group.create_task(caller)
        return self.ledger

    def goes_on(self) -> bool:
        answers = self.ledger.answers
        is_short = any(answers[what] < times for what, times in self.at_least.items())
        return is_short or time.monotonic() < self.ends

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False)


async def forecasts(fire: Fire, _: random.Random) -> None:
    """Valid requests, of which none may be lost whatever happens."""
    async with fire.client() as client:
        while fire.goes_on():
            status, about = 0, ""
            try:
                answer = await client.post("/predict", json=fire.example)
                status, about = answer.status_code, answer.text
                body = answer.json()
                is_right = (body.get("model_version"), body.get("threshold")) in fire.models
            except httpx.HTTPError as error:
                is_right, about = False, repr(error)
            fire.ledger.write("forecast", status, is_fault=not is_right, about=about)


async def batches(fire: Fire, chance: random.Random) -> None:
    """Valid batches; too many of them at once are a 503 by design."""
    async with fire.client() as client:
        while fire.goes_on():
            pods = [fire.example] * chance.choice((1, 50, 1000))
            try:
                answer = await client.post("/predict/batch", json=pods)
            except (httpx.WriteError, httpx.ReadError):
                await asyncio.sleep(1)  # refused before it was sent, which may cost the answer
                continue
            whole = answer.status_code == 200 and len(answer.json()["forecasts"]) == len(pods)
            busy = answer.status_code == 503 and "retry-after" in answer.headers
            fire.ledger.write(
                "batch", answer.status_code, is_fault=not (whole or busy), about=answer.text
            )
            if busy:
                await asyncio.sleep(float(answer.headers["retry-after"]))


async def oddities(fire: Fire, chance: random.Random) -> None:
    """Whatever is malformed, on every route with every method."""
    async with fire.client() as client:
        document = (await client.get("/openapi.json")).json()
        targets = list(_targets(document))
        while fire.goes_on():
            method, path = chance.choice(targets)
            path = path.replace("{namespace}", quote(chance.choice(ODD_NAMES), safe="%"))
            path = path.replace("{pod}", quote(chance.choice(ODD_NAMES), safe="%"))
            headers = {"content-type": chance.choice(ODD_TYPES), "accept": chance.choice(ODD_TYPES)}
            answer = await client.request(
                chance.choice((method, method, "PUT", "HEAD")),
                httpx.URL(f"{fire.url}{path.lstrip('/')}{chance.choice(ODD_QUERIES)}"),
                content=chance.choice(ODD_BODIES),
                headers=headers,
            )
            _judge(fire, "oddity", answer)


def _targets(document: dict[str, dict[str, dict[str, object]]]) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        yield from ((method.upper(), path) for method in methods)
    yield from (("GET", path) for path in (*ODD_PATHS, "/docs", "/openapi.json"))


async def oversized(fire: Fire, chance: random.Random) -> None:
    """More than any route reads, announced or not."""

    async def endless(mebibytes: int):
        for _ in range(16 * mebibytes):
            yield b" " * (MEBIBYTE // 16)

    async with fire.client() as client:
        while fire.goes_on():
            path, mebibytes = chance.choice(
                (("/predict", 2), ("/predict", 1), ("/predict/batch", 3))
            )
            announced = chance.random() < 0.5
            content = b" " * (mebibytes * MEBIBYTE + 1) if announced else endless(mebibytes)
            try:
                answer = await client.post(path, content=content)
            except (httpx.WriteError, httpx.ReadError):
                continue  # the service hung up in the middle, as it may
            _judge(fire, "oversized", answer)
            await asyncio.sleep(0.2)


async def slow(fire: Fire, chance: random.Random) -> None:
    """A body that drips until the service gives it up; some hang up before.

    A batch that would find no place is a 503 before its body is read, by design.
    """
    while fire.goes_on():
        path = chance.choice(("/predict", "/predict/batch"))
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()
        status = await _dripped(fire, head, hangs_up=chance.random() < 0.3)
        if status:
            by_design = {408, 503} if path.endswith("batch") else {408}
            fire.ledger.write("slow", status, is_fault=status not in by_design, about=path)


async def _dripped(fire: Fire, head: bytes, *, hangs_up: bool) -> int:
    reader, writer = await _connected(fire)
    try:
        writer.write(head)
        answer = asyncio.create_task(reader.readline())
        for _ in range(3 if hangs_up else 100):
            writer.write(b" ")
            done, _waiting = await asyncio.wait({answer}, timeout=0.2)
            if done:
                return int(answer.result().split()[1])
        answer.cancel()
    except ConnectionError:
        pass  # the service hung up while a drop was under way, which may cost the answer
    finally:
        await _closed(writer)
    return 0


async def no_http(fire: Fire, chance: random.Random) -> None:
    """What no client would send, and connections that say nothing."""
    while fire.goes_on():
        reader, writer = await _connected(fire)
        with suppress(OSError, TimeoutError):
            writer.write(chance.choice((*NO_HTTP, b"")))
            await writer.drain()
            async with asyncio.timeout(0.5):
                line = await reader.readline()
                if line.startswith(b"HTTP/1.1 "):
                    status = int(line.split()[1])
                    fire.ledger.write("no-http", status, is_fault=status >= 500, about=repr(line))
        await _closed(writer)


async def probes(fire: Fire) -> None:
    """As a node asks; both have to be answered in the time a node gives."""
    async with fire.client() as client:
        for path in itertools.cycle(("/livez", "/readyz")):
            if not fire.goes_on():
                return
            answer = await client.get(path, timeout=10)
            is_fault = answer.status_code != 200
            fire.ledger.write("probe", answer.status_code, is_fault=is_fault, about=answer.text)
            await asyncio.sleep(0.1)


async def reloads(fire: Fire) -> None:
    """A new model every moment, now and then two reloads at once."""
    async with fire.client() as client:
        while fire.goes_on():
            fire.swap()
            both = client.post("/model/reload"), client.post("/model/reload")
            for answer in await asyncio.gather(*both):
                is_fault = answer.status_code not in {200, 409}
                fire.ledger.write(
                    "reload", answer.status_code, is_fault=is_fault, about=answer.text
                )
            await asyncio.sleep(0.5)


async def metrics(fire: Fire) -> None:
    """As Prometheus asks, only more often."""
    async with fire.client() as client:
        while fire.goes_on():
            answer = await client.get("/metrics")
            is_fault = answer.status_code != 200
            fire.ledger.write("metrics", answer.status_code, is_fault=is_fault, about=answer.text)
            await asyncio.sleep(1)


def _judge(fire: Fire, kind: str, answer: httpx.Response) -> None:
    by_design = answer.status_code == 503
    is_fault = answer.status_code >= 500 and not by_design
    sent = f"{answer.request.method} {answer.request.url}"
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        is_problem = answer.headers.get("content-type") == "application/problem+json"
        is_fault |= not is_problem or json.loads(answer.content)["status"] != answer.status_code
    about = f"{sent} {answer.text}"
    fire.ledger.write(kind, answer.status_code, is_fault=is_fault, about=about)


async def _connected(fire: Fire) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(fire.url.host, fire.url.port)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()

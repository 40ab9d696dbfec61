"""POST /predict/batch of 10 000 rows in three formats, beside the model alone on the same rows.

In process, over ASGI: everything of ours from the body's bytes to the answer's, and no network.
"""

from __future__ import annotations

import asyncio
import io
import json
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from fastapi import FastAPI

from benchmarks.figures import Figure, turns
from benchmarks.kinds import model_folders
from podforecast.api_schema.batch import ARROW_STREAM, JSON, POD_ID
from podforecast.domain.catalogue import CATALOGUE, REQUIRED, Feature
from podforecast.domain.telemetry import Array
from podforecast.model.scorer import load
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions

ROWS = 10_000
ROUNDS = 15
TARGETS = {"columns": ">= 60", "Arrow": ">= 80", "array": ""}
"""For the 12 required inputs, which is what a caller has."""
Columns = Mapping[str, list[Any]]
Answer = Callable[[], int]
"""Sends a body and gives back how many bytes were answered."""


def batches() -> Iterator[Figure]:
    """Every model, with the required features and with all of them."""
    for label, folder in model_folders().items():
        for features in (REQUIRED, CATALOGUE):
            rows = random_rows(features, ROWS)
            name = f"{label}, {len(features)} inputs"
            yield from figures_of(name, folder, features, rows, rounds=ROUNDS)


def figures_of(
    label: str, folder: Path, features: tuple[Feature, ...], rows: Array, *, rounds: int
) -> Iterator[Figure]:
    """Cost of the model alone and of each format; shares are taken round by round."""
    columns, scorer = columns_of(features, rows), load(folder)
    in_columns = json.dumps(columns).encode()
    with serving(folder) as post:
        contestants = {
            "model alone": lambda: scorer.score(rows),
            "columns": post(in_columns, JSON),
            "Arrow": post(arrow_body(columns), ARROW_STREAM),
            "array": post(array_body(columns), JSON),
            "orjson.loads of the columns alone": lambda: orjson.loads(in_columns),
        }
        taken = dict(zip(contestants, turns(*contestants.values(), rounds=rounds), strict=True))
    for name, seconds in taken.items():
        value = 1e6 * statistics.median(seconds) / len(rows)
        yield Figure(figure=f"{label}: {name}", value=round(value, 3), unit="us CPU per row")
    for name, target in TARGETS.items():
        held = target if features == REQUIRED else ""
        pairs = zip(taken["model alone"], taken[name], strict=True)
        share = statistics.median(100 * alone / max(whole, 1e-9) for alone, whole in pairs)
        yield Figure(
            figure=f"{label}: model alone against {name}",
            value=round(share), unit="%", target=held,
        )  # fmt: skip


def random_rows(features: tuple[Feature, ...], n_rows: int, *, seed: int = 0) -> Array:
    """Rows within what is typical of each feature, NaN where not among ``features``."""
    rng = np.random.default_rng(seed)
    rows = np.full((n_rows, len(CATALOGUE)), np.nan)
    for column, feature in enumerate(CATALOGUE):
        if feature not in features:
            continue
        low, high = feature.typical
        values = rng.uniform(low, high, size=n_rows)
        is_code = feature.whole or feature.categories
        rows[:, column] = np.round(values) if is_code else values
    return rows


def columns_of(features: tuple[Feature, ...], rows: Array) -> Columns:
    """The same rows as a client has them."""
    columns: dict[str, list[Any]] = {POD_ID: [f"pod-{k}" for k in range(len(rows))]}
    for column, feature in enumerate(CATALOGUE):
        if feature in features:
            values = rows[:, column].tolist()
            names = feature.categories
            columns[feature.name] = [names[int(code)] for code in values] if names else values
    return columns


def array_body(columns: Columns) -> bytes:
    """One JSON object per pod."""
    rows = zip(*columns.values(), strict=True)
    return json.dumps([dict(zip(columns, row, strict=True)) for row in rows]).encode()


def arrow_body(columns: Columns) -> bytes:
    """An Arrow IPC stream of one record batch."""
    sink, table = io.BytesIO(), pa.table(dict(columns))
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


@contextmanager
def serving(folder: Path) -> Iterator[Callable[[bytes, str], Answer]]:
    """Run the service in an event loop of its own; the value makes callables that send a body."""
    app = create_app(folder, load=load, options=ServiceOptions(log_requests=False))
    loop = asyncio.new_event_loop()
    life = app.router.lifespan_context(app)
    loop.run_until_complete(life.__aenter__())
    asked: asyncio.Queue[tuple[bytes, str, asyncio.Future[int]]] = asyncio.Queue()
    # One task for all requests, as long as the service runs: threads end with the task that
    # started them, and a server does not start one for every batch.
    server = loop.create_task(_serve(app, asked))

    def post(body: bytes, media_type: str) -> Answer:
        def answer() -> int:
            answered = loop.create_future()
            asked.put_nowait((body, media_type, answered))
            return loop.run_until_complete(answered)

        return answer

    try:
        yield post
    finally:
        server.cancel()
        loop.run_until_complete(asyncio.gather(server, return_exceptions=True))
        loop.run_until_complete(life.__aexit__(None, None, None))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _serve(
    app: FastAPI, asked: asyncio.Queue[tuple[bytes, str, asyncio.Future[int]]]
) -> None:
    while True:
        body, media_type, answered = await asked.get()
        try:
            answered.set_result(await _answered(app, body, media_type))
        except RuntimeError as error:
            answered.set_exception(error)


async def _answered(app: FastAPI, body: bytes, media_type: str) -> int:
    """Hand one request to the application as a server does.

    Raises
    ------
    RuntimeError
        If it is not answered with 200.
    """
    statuses: list[int] = []
    n_bytes = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal n_bytes
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        n_bytes += len(message.get("body", b""))

    headers = {"content-type": media_type, "content-length": str(len(body))}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": "/predict/batch", "raw_path": b"/predict/batch",
        "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await app(scope, receive, send)
    if statuses != [200]:
        raise RuntimeError(f"a batch was answered with {statuses}")
    return n_bytes

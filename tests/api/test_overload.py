"""Bodies that never end, and more requests than there is room for."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from podforecast.serving.bodies import MEBIBYTE
from tests.api.test_service import samples

PROBLEM = "application/problem+json"
SOON = timedelta(milliseconds=50)


class FakeCaller:
    """Not a client: speaks ASGI, sends what it is told and then nothing more."""

    def __init__(self, app, path="/predict"):
        self._app = app
        self._scope = {"type": "http", "method": "POST", "path": path, "headers": [],
                       "query_string": b""}  # fmt: skip
        self._first: list[bytes] = []
        self.waits = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.rest = b""
        self.sent: list[dict] = []

    def sends(self, *chunks):
        self._first = list(chunks)
        return self

    async def receive(self):
        if self._first:
            return {"type": "http.request", "body": self._first.pop(0), "more_body": True}
        self.waits.set()
        await self.goes_on.wait()
        return {"type": "http.request", "body": self.rest, "more_body": False}

    async def send(self, message):
        self.sent.append(message)

    def start(self):
        return asyncio.create_task(self._app(self._scope, self.receive, self.send))

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def answer(self):
        return json.loads(b"".join(m.get("body", b"") for m in self.sent[1:]))


class TestSlowBody:
    @pytest.mark.parametrize("path", ["/predict", "/predict/batch"])
    @pytest.mark.parametrize(
        "chunks", [pytest.param((), id="nothing"), pytest.param((b'{"pod_id"',), id="a-part")]
    )
    async def test_it_is_given_up(self, serve, scorer, path, chunks):
        async with serve(lambda _: scorer, body_timeout=SOON) as client:
            caller = FakeCaller(client._transport.app, path).sends(*chunks)
            await caller.start()
        assert caller.status == 408
        assert caller.headers["content-type"] == PROBLEM
        assert caller.headers["connection"] == "close"
        assert caller.answer["detail"] == "the body did not arrive within 0.05 s"

    async def test_one_that_arrives_in_pieces_is_read(self, client, example):
        body = json.dumps(example).encode()
        caller = FakeCaller(client._transport.app).sends(*(body[i : i + 1] for i in range(9)))
        caller.rest = body[9:]
        caller.goes_on.set()
        await caller.start()
        assert caller.status == 200


class FakeStaller(FakeCaller):
    """Not a client either: takes so many messages of an answer, and then no more."""

    def __init__(self, app, path, takes):
        super().__init__(app, path)
        self._takes = takes

    async def send(self, message):
        if len(self.sent) == self._takes:
            await asyncio.Event().wait()
        await super().send(message)


@pytest.fixture
def batch(example):
    """Its answer is larger than what is sent at once."""
    return json.dumps([example] * 2000).encode()


class TestAnswerThatNobodyReads:
    async def test_it_is_given_up(self, serve, scorer, batch, caplog):
        async with serve(lambda _: scorer, answer_timeout=SOON) as client:
            app = client._transport.app
            caller = FakeStaller(app, "/predict/batch", takes=2).sends(batch)
            caller.goes_on.set()
            await caller.start()
            assert caller.sent[-1]["more_body"]
            assert "event=answer_not_taken" in caplog.text
            assert app.state.service.occupancy.in_flight == 0

    async def test_one_that_is_read_arrives_whole(self, client, batch):
        caller = FakeCaller(client._transport.app, "/predict/batch").sends(batch)
        caller.goes_on.set()
        await caller.start()
        assert len(caller.answer["forecasts"]) == 2000
        assert [m["more_body"] for m in caller.sent[1:]][-2:] == [True, False]


@pytest.fixture
async def full(serve, scorer):
    """A service with room for one, and the caller who takes it."""
    async with serve(lambda _: scorer, max_in_flight=1) as client:
        caller = FakeCaller(client._transport.app)
        task = caller.start()
        await caller.waits.wait()
        yield client
        caller.goes_on.set()
        await task
        assert caller.status == 422


class TestTooMany:
    @pytest.mark.parametrize("path", ["/", "/model", "/docs", "/openapi.json", "/nowhere"])
    async def test_the_next_is_turned_away_by_design(self, full, path):
        answer = await full.get(path)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == PROBLEM
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["title"] == "Overloaded"

    async def test_probes_and_metrics_are_answered(self, full):
        assert (await full.get("/livez")).status_code == 200
        assert (await full.get("/readyz")).status_code == 200
        assert (await samples(full))[("podforecast_http_requests_in_flight",)] == 2

    async def test_there_is_room_again_afterwards(self, serve, scorer, example):
        async with serve(lambda _: scorer, max_in_flight=1) as client:
            for _ in range(3):
                assert (await client.post("/predict", json=example)).status_code == 200

    async def test_whoever_hangs_up_leaves_room(self, serve, scorer, example):
        async with serve(lambda _: scorer, max_in_flight=1) as client:
            caller = FakeCaller(client._transport.app)
            task = caller.start()
            await caller.waits.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert (await client.post("/predict", json=example)).status_code == 200


class TestMemoryOfBodies:
    async def test_no_more_is_held_than_may_be(self, serve, scorer):
        half = b" " * (MEBIBYTE // 2)
        async with serve(lambda _: scorer, body_memory_mib=1) as client:
            holding = [FakeCaller(client._transport.app).sends(half) for _ in range(2)]
            tasks = [caller.start() for caller in holding]
            for caller in holding:
                await caller.waits.wait()
            turned_away = FakeCaller(client._transport.app).sends(b" ")
            await turned_away.start()
            assert turned_away.status == 503
            assert turned_away.headers["retry-after"] == "1"
            assert "memory" in turned_away.answer["detail"]
            for caller in holding:
                caller.goes_on.set()
            await asyncio.gather(*tasks)
            assert [caller.status for caller in holding] == [422, 422]
            last = FakeCaller(client._transport.app).sends(b" ")
            last.goes_on.set()
            await last.start()
            assert last.status == 422

    async def test_all_is_given_back(self, serve, scorer, example):
        async with serve(lambda _: scorer) as client:
            await client.post("/predict", json=example)
            await client.post("/predict", content=b"x" * (MEBIBYTE + 1))
            await client.post("/predict", content=b"{")
            state = client._transport.app.state.service
            assert (state.occupancy.in_flight, state.occupancy.body_bytes) == (0, 0)

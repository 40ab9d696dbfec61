"""POST /predict/batch: how much of it there may be, at once and in one request."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from podforecast.serving.batch.capacity import MOST_HELD, MOST_WORKED_ON
from podforecast.serving.bodies import MEBIBYTE
from tests.api.batch_bodies import ROUTE, columns_body, post, rows_body
from tests.api.conftest import FakeScorer

LIMIT = 64 * MEBIBYTE


class SlowBody:
    """A body whose last part arrives when it is told to."""

    def __init__(self, content):
        self._content = content
        self.is_being_read = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self):
        self.is_being_read.set()
        yield self._content[:1]
        await self.may_end.wait()
        yield self._content[1:]


async def arriving(client, example, count):
    """Start batches whose bodies do not end."""
    bodies = [SlowBody(rows_body([example])) for _ in range(count)]
    answers = [asyncio.create_task(post(client, body())) for body in bodies]
    for body in bodies:
        await body.is_being_read.wait()
    return bodies, answers


async def unread():
    raise AssertionError("the body was read")
    yield b""


@dataclass
class WaitingScorer(FakeScorer):
    """Not a model: counts who is inside and lets nobody out until it is told to."""

    inside: int = 0
    most_inside: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_full: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def score(self, values):
        with self.lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            if self.inside == MOST_WORKED_ON:
                self.is_full.set()
        assert self.may_answer.wait(timeout=30)
        with self.lock:
            self.inside -= 1
        return np.full(len(values), 0.5)


class TestPlaces:
    @pytest.fixture
    async def full(self, serve, example):
        """A service in which all places are held, by batches that are scored until told."""
        scorer = WaitingScorer()
        async with serve(lambda _: scorer) as client:
            body = rows_body([example])
            answers = [asyncio.create_task(post(client, body)) for _ in range(MOST_HELD)]
            assert await asyncio.to_thread(scorer.is_full.wait, 30)
            client.answers, client.scorer = answers, scorer
            yield client
            scorer.may_answer.set()
            assert [answer.status_code for answer in await asyncio.gather(*answers)] == [200] * 4

    async def test_one_too_many_is_sent_away_unread_until_there_is_room(self, full, example):
        refused = await post(full, unread())
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["title"] == "Busy"
        assert refused.json()["detail"].startswith("4 batches are being worked on")
        full.scorer.may_answer.set()
        await asyncio.gather(*full.answers)
        assert (await post(full, rows_body([example]))).status_code == 200

    async def test_one_whose_body_arrives_too_late_is_sent_away(self, client, example):
        bodies, answers = await arriving(client, example, 1)
        with contextlib.ExitStack() as places:
            for _ in range(MOST_HELD):
                places.enter_context(client._transport.app.state.service.batches.admitted())
            bodies[0].may_end.set()
            assert (await answers[0]).status_code == 503

    async def test_other_routes_are_answered_meanwhile(self, full):
        assert (await full.get("/readyz")).status_code == 200

    async def test_bodies_that_drip_keep_no_place_from_others(self, client, example):
        bodies, answers = await arriving(client, example, 3 * MOST_HELD)
        assert (await post(client, rows_body([example]))).status_code == 200
        for body in bodies:
            body.may_end.set()
        await asyncio.gather(*answers)

    async def test_a_caller_who_gives_up_leaves_the_place_to_others(self, client, example):
        _, answers = await arriving(client, example, MOST_HELD)
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)
        assert (await post(client, rows_body([example]))).status_code == 200

    async def test_a_caller_who_hangs_up_leaves_the_place_to_others(self, client, example):
        async def hung_up():
            return {"type": "http.disconnect"}

        async def nobody(message):
            pass

        scope = {"type": "http", "method": "POST", "path": ROUTE, "headers": [],
                 "query_string": b""}  # fmt: skip
        for _ in range(MOST_HELD + 1):
            await client._transport.app(dict(scope), hung_up, nobody)
        assert (await post(client, rows_body([example]))).status_code == 200

    async def test_a_refused_batch_leaves_the_place_to_others(self, client, example):
        for _ in range(MOST_HELD + 1):
            assert (await post(client, b"[]")).status_code == 422
        assert (await post(client, rows_body([example]))).status_code == 200


class TestWork:
    @pytest.fixture
    def scorer(self):
        scorer = WaitingScorer()
        yield scorer
        scorer.may_answer.set()

    async def test_two_are_worked_on_while_probes_are_answered(self, client, scorer, example):
        body = columns_body([example])
        answers = [asyncio.create_task(post(client, body)) for _ in range(MOST_HELD)]
        assert await asyncio.to_thread(scorer.is_full.wait, 30)
        assert (await client.get("/livez")).status_code == 200
        assert scorer.inside == MOST_WORKED_ON
        scorer.may_answer.set()
        assert [answer.status_code for answer in await asyncio.gather(*answers)] == [200] * 4
        assert scorer.most_inside == MOST_WORKED_ON


class TestSize:
    async def test_a_body_that_announces_too_much_is_not_read(self, client):
        answer = await post(client, unread(), **{"content-length": str(LIMIT + 1)})
        assert answer.status_code == 413
        assert answer.json()["detail"] == f"the body is larger than {LIMIT} bytes"

    async def test_a_body_that_announces_nothing_is_read_no_further_than_the_limit(self, client):
        sent = 0

        async def endless():
            nonlocal sent
            while True:
                sent += 1
                yield b" " * MEBIBYTE

        assert (await post(client, endless())).status_code == 413
        assert sent == 65

    async def test_a_body_of_exactly_the_limit_is_read(self, client, example):
        body = rows_body([example]).ljust(LIMIT)
        assert (await post(client, body)).status_code == 200

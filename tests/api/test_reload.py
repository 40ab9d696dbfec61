"""POST /model/reload: never worse off than before, and nobody notices but by the version."""

from __future__ import annotations

import asyncio
import logging
import threading
import weakref

import numpy as np
import pytest

from podforecast.errors import ModelNotReady, ModelRefused
from tests.api.test_batch_limits import arriving
from tests.api.test_service import samples

PROBLEM = "application/problem+json"


class FakeFolder:
    """Not a folder: brings what was last put into it, a scorer or an error."""

    def __init__(self, content):
        self.content = content
        self.entered, self.opened = threading.Event(), threading.Event()
        self.opened.set()

    def load(self, _):
        self.entered.set()
        assert self.opened.wait(10)
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


@pytest.fixture
def make_scorer(scorer, make_manifest):
    """A model whose version, threshold and answer belong together."""

    def make(version, **changes):
        threshold = 0.2 if version == "v1" else 0.4
        manifest = make_manifest(model_version=version, threshold=threshold)
        fields = {"answer": threshold / 2, "threshold": threshold, "manifest": manifest} | changes
        return type(scorer)(**fields)

    return make


@pytest.fixture
def folder(make_scorer):
    return FakeFolder(make_scorer("v1"))


@pytest.fixture
async def client(serve, folder):
    async with serve(folder.load) as client:
        yield client


def model_info(found):
    return {dict(key[1:])["model_version"]: value for key, value in found.items()
            if key[0] == "podforecast_model_info"}  # fmt: skip


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            pytest.param(ModelNotReady("none", hint="Train."), "none", id="gone"),
            pytest.param(ModelRefused("changed", hint="Train."), "changed", id="changed-on-disk"),
        ],
    )
    async def test_the_old_model_keeps_answering(self, client, folder, example, content, reason):
        folder.content = content
        answer = await client.post("/model/reload")
        assert answer.status_code == 409
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["title"] == "Reload failed"
        assert answer.json()["detail"] == f"{reason}; v1 keeps answering"
        assert answer.json()["hint"] == "Train. Then POST /model/reload."
        assert (await client.post("/predict", json=example)).json()["model_version"] == "v1"
        assert (await client.get("/readyz")).json()["model_version"] == "v1"
        assert model_info(await samples(client)) == {"v1": 1}

    @pytest.mark.parametrize("nonsense", [np.nan, -0.1, 1.1])
    async def test_a_model_that_answers_no_probability(
        self, client, folder, make_scorer, nonsense, example
    ):
        folder.content = make_scorer("v2", answer=nonsense)
        answer = await client.post("/model/reload")
        assert answer.status_code == 409
        assert "is no probability; v1 keeps answering" in answer.json()["detail"]
        assert (await client.post("/predict", json=example)).json()["model_version"] == "v1"

    async def test_a_model_that_forgets_the_row(self, client, folder, make_scorer, scorer):
        class Forgetful(type(scorer)):
            """Not a model: answers nothing."""

            def score(self, values):
                return np.empty(0)

        folder.content = Forgetful(manifest=make_scorer("v2").manifest)
        assert (await client.post("/model/reload")).status_code == 409

    async def test_a_second_one_at_the_same_time(self, client, folder, make_scorer):
        folder.content = make_scorer("v2")
        folder.opened.clear()
        folder.entered.clear()
        first = asyncio.create_task(client.post("/model/reload"))
        assert await asyncio.to_thread(folder.entered.wait, 10)
        second = await client.post("/model/reload")
        folder.opened.set()
        assert second.status_code == 409
        assert second.json()["title"] == "Reload under way"
        assert second.headers["retry-after"] == "1"
        assert (await first).json()["model_version"] == "v2"
        found = await samples(client)
        assert found[("podforecast_model_reloads_total", ("result", "busy"))] == 1

    async def test_a_mistake_of_ours_leaves_the_old_model_and_the_way_to_try_again(
        self, client, folder, make_scorer, example
    ):
        folder.content = ZeroDivisionError("inside")
        answer = await client.post("/model/reload")
        assert answer.status_code == 500
        assert "inside" not in answer.text
        assert (await client.post("/predict", json=example)).json()["model_version"] == "v1"
        folder.content = make_scorer("v2")
        assert (await client.post("/model/reload")).status_code == 200

    async def test_get_changes_nothing(self, client):
        answer = await client.get("/model/reload")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"


class TestSwapped:
    async def test_the_new_model_answers_and_the_old_one_is_named(
        self, client, folder, make_scorer, example
    ):
        folder.content = make_scorer("v2")
        answer = await client.post("/model/reload")
        assert answer.json() == {
            "model_version": "v2",
            "previous_model_version": "v1",
            "path": "fast",
        }
        forecast = (await client.post("/predict", json=example)).json()
        assert (forecast["model_version"], forecast["threshold"]) == ("v2", 0.4)
        assert (await client.get("/model")).json()["model_version"] == "v2"

    async def test_a_service_without_a_model_gets_its_first(self, serve, make_scorer):
        folder = FakeFolder(ModelNotReady("none", hint="Train one."))
        async with serve(folder.load) as client:
            refused = await client.post("/model/reload")
            assert refused.json()["detail"] == "none; no model answers yet"
            folder.content = make_scorer("v2")
            answer = await client.post("/model/reload")
            assert answer.json()["previous_model_version"] is None
            assert (await client.get("/readyz")).status_code == 200
            assert (await samples(client))[("podforecast_ready",)] == 1

    async def test_readyz_tells_the_reason_of_the_latest_attempt(self, serve):
        folder = FakeFolder(ModelNotReady("none", hint="Train one."))
        async with serve(folder.load) as client:
            folder.content = ModelRefused("changed", hint="Train it again.")
            await client.post("/model/reload")
            assert (await client.get("/readyz")).json()["detail"] == "changed"

    async def test_metrics_show_the_current_model_only_and_count_results(
        self, client, folder, make_scorer
    ):
        folder.content = make_scorer("v2")
        await client.post("/model/reload")
        await client.post("/model/reload")
        folder.content = ModelNotReady("none")
        await client.post("/model/reload")
        found = await samples(client)
        assert model_info(found) == {"v2": 1}
        assert found[("podforecast_model_reloads_total", ("result", "swapped"))] == 2
        assert found[("podforecast_model_reloads_total", ("result", "failed"))] == 1
        assert found[("podforecast_model_reloads_total", ("result", "busy"))] == 0

    async def test_the_log_names_both_ways_it_can_end(self, client, folder, make_scorer, caplog):
        caplog.set_level(logging.INFO, logger="podforecast")
        folder.content = make_scorer("v2")
        await client.post("/model/reload")
        folder.content = ModelNotReady("none")
        await client.post("/model/reload")
        assert "event=model_loaded model=v2" in caplog.text
        assert 'event=model_reload_failed serves=v2 reason="none"' in caplog.text

    async def test_a_batch_that_drips_in_keeps_no_model_that_was_replaced(
        self, client, folder, make_scorer, example
    ):
        """Else slow callers would hold as many models in memory as there were reloads."""
        (body,), (answer,) = await arriving(client, example, 1)
        old = weakref.ref(folder.content)
        folder.content = make_scorer("v2")
        await client.post("/model/reload")
        assert old() is None
        body.may_end.set()
        assert (await answer).json()["model_version"] == "v2"


async def test_no_request_is_lost_or_mixed_while_models_are_swapped(
    serve, folder, make_scorer, example
):
    models = {"v1": make_scorer("v1", is_quick=False), "v2": make_scorer("v2", is_quick=False)}
    folder.content = models["v1"]
    done = asyncio.Event()

    async def ask(client):
        answers = []
        while not done.is_set():
            answers.append(await client.post("/predict", json=example))
        return answers

    async with serve(folder.load) as client:
        callers = [asyncio.create_task(ask(client)) for _ in range(20)]
        for swap in range(20):
            folder.content = models["v2" if swap % 2 == 0 else "v1"]
            assert (await client.post("/model/reload")).status_code == 200
        done.set()
        answers = [answer for caller in callers for answer in await caller]
    assert {answer.status_code for answer in answers} == {200}
    seen = {
        (body["model_version"], body["threshold"], body["failure_probability"])
        for body in (answer.json() for answer in answers)
    }
    assert seen == {("v1", 0.2, 0.1), ("v2", 0.4, 0.2)}

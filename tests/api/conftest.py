"""The real application over ASGI, with a fake where the model would be."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest

from podforecast.serving.application import create_app


@dataclass(frozen=True)
class FakeManifest:
    model_version: str = "fake-1"
    algorithm: str = "FakeScorer"


@dataclass
class FakeScorer:
    """Not a model: answers what it was told to, and remembers what it was asked."""

    answer: float = 0.9
    threshold: float = 0.3
    manifest: FakeManifest = FakeManifest()
    asked: list[np.ndarray] = field(default_factory=list)

    def score(self, values):
        self.asked.append(values)
        return np.full(len(values), self.answer)


@pytest.fixture
def scorer():
    return FakeScorer()


@pytest.fixture
def example():
    return json.loads((Path(__file__).parents[2] / "example.json").read_text())


@pytest.fixture
def serve():
    """Start the application with what ``load`` brings; an HTTP client of it."""

    @asynccontextmanager
    async def serving(load, **options):
        app = create_app(Path("models"), load=load, **options)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                base_url="http://service",
            ) as client,
        ):
            yield client

    return serving


@pytest.fixture
async def client(serve, scorer):
    async with serve(lambda _: scorer) as client:
        yield client

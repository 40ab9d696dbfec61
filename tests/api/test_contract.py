"""The service against its own OpenAPI document: requests made up from it, answers held against it.

Every request that schemathesis comes up with, fit or unfit, has to be answered with a documented
status, in a documented format, by a body of the documented schema, and never with a 5xx but the
503 that is there by design.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.python.asgi import shutdown_lifespans

from podforecast.api_schema.batch import ARROW_FILE, ARROW_STREAM
from podforecast.errors import ModelNotReady
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions
from podforecast.telemetry.simulator.fleet import MOST_CLUSTERS
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from tests.api.conftest import fake_manifest
from tests.api.test_prometheus_route import LOOK
from tests.watcher.made_up import MemoryModel, WallClock, write_campaign

# A busy machine takes its time; an idle one needs a quarter of a minute for all of it.
pytestmark = pytest.mark.timeout(180)

KEY = "a-key-for-the-contract"
BY_DESIGN = ["2xx", "4xx", 503]


COLUMNS_DIFFER = {
    # That columns are equally long is nothing a schema can say.
    "include-path": "/predict/batch",
    "checks": {"positive_data_acceptance": {"enabled": False}},
}


ALL_ALIKE = {
    # A simulation takes a twentieth of a second, whatever its seed.
    "include-path": "/simulate/{count}",
    "generation": {"max-examples": 4},
}


def config(*, max_examples, at_every_limit, api_key=""):
    """The same requests in every run."""
    shown = {"bearer": {"bearer": api_key}, "api_key": {"api_key": api_key}}
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "operations": [COLUMNS_DIFFER, ALL_ALIKE],
            "auth": {"openapi": shown} if api_key else {},
            "generation": {"deterministic": True, "max-examples": max_examples},
            "phases": {"coverage": {"enabled": at_every_limit}},
            "checks": {"not_a_server_error": {"expected-statuses": BY_DESIGN}},
        }
    )


@schemathesis.serializer(ARROW_STREAM, ARROW_FILE)
def as_bytes(_, value):
    """Send whatever was made up; hardly any of it is Arrow, all of it has to be answered."""
    return value if isinstance(value, bytes) else str(value).encode()


def no_model(_):
    raise ModelNotReady("none", hint="Train one.")


def document_of(**options):
    """A schema from what the service says about itself; which application answers comes later."""
    app = create_app(Path("models"), load=no_model, options=ServiceOptions(**options))
    return app.openapi()


THOROUGH = config(max_examples=20, at_every_limit=True)
BRIEF = config(max_examples=5, at_every_limit=False)
WITH_KEY = config(max_examples=5, at_every_limit=False, api_key=KEY)
WHOLE = schemathesis.openapi.from_dict(document_of(), config=THOROUGH)
LOCKED = schemathesis.openapi.from_dict(document_of(api_keys=(KEY,)), config=WITH_KEY)
BARE = schemathesis.openapi.from_dict(document_of(), config=BRIEF)


@pytest.fixture(scope="module")
def answering(tmp_path_factory):
    """With a model and a fleet."""
    plan = ReplayPlan(
        data_dir=write_campaign(tmp_path_factory.mktemp("data")), speed=10.0, start_minute=16.75
    )

    def app(**options):
        wall = WallClock()
        return create_app(
            Path("models"),
            load=lambda _: MemoryModel(manifest=fake_manifest()),
            options=ServiceOptions(**options, look_at_prometheus=lambda: LOOK),
            fleet=ReplaySource(plan, clock=wall),
            clock=wall,
        )

    yield app
    shutdown_lifespans()


@pytest.fixture(scope="module")
def whole(answering):
    return answering()


@pytest.fixture(scope="module")
def locked(answering):
    return answering(api_keys=(KEY,))


@pytest.fixture(scope="module")
def bare(answering):
    return create_app(Path("models"), load=no_model)


MOST_SIMULATED = 3
"""Simulating is the same for more clusters, and takes longer."""


def keep_contract(case, app):
    if case.operation.path == "/simulate/{count}":
        few_clusters(case)
    case.operation.schema.app = app
    case.call_and_validate(app=app)


def few_clusters(case):
    """Order few where many are ordered; what can not be ordered stays as it is."""
    count = case.path_parameters["count"]
    if isinstance(count, int) and MOST_SIMULATED < count <= MOST_CLUSTERS:
        case.path_parameters["count"] = MOST_SIMULATED


@WHOLE.parametrize()
def test_a_whole_service_keeps_its_contract(case, whole):
    keep_contract(case, whole)


@LOCKED.parametrize()
def test_a_service_with_keys_keeps_its_contract(case, locked):
    keep_contract(case, locked)


@BARE.parametrize()
def test_a_service_without_a_model_keeps_its_contract(case, bare):
    keep_contract(case, bare)

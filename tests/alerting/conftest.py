"""Receivers for tests."""

from __future__ import annotations

import pytest

from tests.alerting.receivers import Alertmanager, FakeWebhook


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory):
    server = Alertmanager(tmp_path_factory.mktemp("alertmanager"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def webhook():
    with FakeWebhook().running() as fake:
        yield fake

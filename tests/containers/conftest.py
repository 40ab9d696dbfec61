"""One build and one run of the compose file for all tests here."""

from __future__ import annotations

import secrets

import pytest

from tests.containers.engine import BUILD_SECONDS, IMAGES, Stack, docker, free_port, wait_until

SERVICES = ("api", "dashboard", "demo", "load", "prometheus")
PUBLISHED = ("api", "dashboard", "demo", "prometheus")
HEALTHY_SECONDS = 120


@pytest.fixture(scope="session")
def images():
    """Build what the compose file builds, under a tag of its own."""
    stack = _stack()
    # Newer versions of Compose build side by side without being told.
    together = ["--parallel"] if "--parallel" in stack.compose("build", "--help") else []
    stack.compose("build", *together, seconds=BUILD_SECONDS)
    yield
    docker("image", "rm", *IMAGES)


@pytest.fixture(scope="session")
def stack(images):
    """The compose file, up and healthy."""
    up = _stack()
    try:
        up.compose("up", "-d", "--no-build")
        for service in SERVICES:
            wait_until(
                lambda service=service: up.health(service) == "healthy",
                seconds=HEALTHY_SECONDS,
                what=f"{service} healthy",
            )
        yield up
    finally:
        up.compose("down", "--volumes", "--remove-orphans")


def _stack() -> Stack:
    ports = {service: free_port() for service in PUBLISHED}
    return Stack(f"podforecast-test-{secrets.token_hex(4)}", ports)

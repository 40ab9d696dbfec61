"""What is in the images, and how they start and end on their own."""

from __future__ import annotations

import secrets
import time

import httpx
import pytest

from tests.containers.engine import (
    API,
    DASHBOARD,
    DEMO,
    IMAGES,
    docker,
    free_port,
    inspect,
    wait_until,
)

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1800)]

HARDENED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",  # noqa: S108
            "--security-opt", "no-new-privileges", "--memory", "512m")  # fmt: skip
RENDER_PORT = 10000
"""What Render's PORT says unless told otherwise."""
STOP_SECONDS = 8.0
"""Docker itself kills after ten."""

SIZES_MB = [
    pytest.param(API, 700, id="api"),
    pytest.param(DASHBOARD, 700, id="dashboard"),
    pytest.param(DEMO, 250, id="demo"),
]
ABSENT = [
    pytest.param(API, ("streamlit", "matplotlib", "pandas"), id="api"),
    pytest.param(DASHBOARD, ("sklearn", "scipy", "xgboost", "fastapi"), id="dashboard"),
    pytest.param(DEMO, ("numpy", "podforecast"), id="demo"),
]
FIND = "import importlib.util, sys; print(*filter(importlib.util.find_spec, sys.argv[1:]))"


def inside(image: str, *command: str) -> str:
    return docker("run", "--rm", "--entrypoint", "", image, *command)


@pytest.mark.parametrize(("image", "limit_mb"), SIZES_MB)
def test_an_image_stays_small(images, image, limit_mb):
    assert inspect(image)["Size"] / 1e6 <= limit_mb


@pytest.mark.parametrize(("image", "libraries"), ABSENT)
def test_an_image_carries_no_library_of_the_others(images, image, libraries):
    assert inside(image, "python", "-c", FIND, *libraries) == ""


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_no_installer_no_tests_and_no_cache(images, image):
    found = inside(image, "find", "/opt/venv", "/srv", "-name", "tests", "-o", "-name", "pip",
                   "-o", "-name", ".cache", "-o", "-name", "*.whl")  # fmt: skip
    assert found == ""


@pytest.mark.parametrize("image", IMAGES)
def test_every_module_of_ours_is_compiled(images, image):
    sources = inside(image, "find", "/srv", "-name", "*.py").splitlines()
    compiled = inside(image, "find", "/srv", "-name", "*.pyc").splitlines()
    assert len(compiled) == len(sources) > 0


def test_the_service_carries_a_model_and_the_test_campaign_alone(images):
    files = inside(API, "find", "/srv/models", "/srv/data", "-name", "*.json")
    roles = inside(API, "sh", "-c", "cat /srv/data/*/campaign.json")
    assert "/srv/models/manifest.json" in files
    assert '"role": "test"' in roles
    assert '"role": "train"' not in roles


@pytest.fixture(params=[
    pytest.param((API, "/readyz"), id="api"),
    pytest.param((DASHBOARD, "/_stcore/health"), id="dashboard"),
])  # fmt: skip
def on_its_own(images, request):
    """A container started as Render does: nothing but PORT. Its id and address."""
    image, path = request.param
    name, port = f"podforecast-test-{secrets.token_hex(4)}", free_port()
    docker("run", "--detach", "--name", name, *HARDENED, "--env", f"PORT={RENDER_PORT}",
           "--publish", f"127.0.0.1:{port}:{RENDER_PORT}", image)  # fmt: skip
    try:
        yield name, f"http://127.0.0.1:{port}{path}"
    finally:
        docker("rm", "--force", "--volumes", name)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def test_it_listens_where_port_says_is_found_healthy_and_ends_when_told(on_its_own):
    name, url = on_its_own
    wait_until(lambda: answers(url), seconds=60, what=f"{url} answers")
    wait_until(lambda: inspect(name)["State"]["Health"]["Status"] == "healthy",
               seconds=180, what="healthy")  # fmt: skip
    began = time.monotonic()
    docker("stop", "--time", "60", name)
    assert time.monotonic() - began < STOP_SECONDS
    assert inspect(name)["State"]["ExitCode"] == 0

"""``docker compose up``, seen from outside and from inside."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from tests.containers.conftest import PUBLISHED, SERVICES
from tests.containers.engine import inspect, wait_until

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.containers, pytest.mark.timeout(1800)]

SERVED = r"^http_server_request_duration_seconds_count\{.*\} (\S+)"
PAGE = """
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("streamlit_app.py", default_timeout=60).run()
assert not page.exception, page.exception
print(*(part.value for part in page.sidebar if hasattr(part, "value")))
"""
"""Draws the first page as a visitor's browser would have it drawn."""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_as_nobody_in_particular(stack, service):
    status = stack.inside(service, "cat", "/proc/1/status")
    user = re.search(r"^Uid:\s+(\d+)", status, re.MULTILINE).group(1)
    assert int(user) > 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_holds_no_capability_and_can_gain_none(stack, service):
    status = stack.inside(service, "cat", "/proc/1/status")
    capabilities = re.search(r"^CapEff:\s+(\w+)", status, re.MULTILINE).group(1)
    assert int(capabilities, 16) == 0
    assert "NoNewPrivs:\t1" in status


@pytest.mark.parametrize("service", SERVICES)
def test_the_root_of_a_service_is_read_only(stack, service):
    root = next(line.split() for line in stack.inside(service, "cat", "/proc/1/mounts").splitlines()
                if line.split()[1] == "/")  # fmt: skip
    assert "ro" in root[3].split(",")


@pytest.mark.parametrize("service", PUBLISHED)
def test_a_port_is_published_on_this_machine_alone(stack, service):
    published = inspect(stack.container(service))["HostConfig"]["PortBindings"]
    assert {binding["HostIp"] for bindings in published.values() for binding in bindings} == {
        "127.0.0.1"
    }


def test_the_example_gets_its_forecast(stack):
    answer = httpx.post(stack.url("api") + "/predict", timeout=10,
                        content=(ROOT / "example.json").read_bytes(),
                        headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert 0.0 <= answer.json()["failure_probability"] <= 1.0


def test_the_model_is_read_again_on_request(stack):
    again = httpx.post(stack.url("api") + "/model/reload", timeout=30)
    assert again.status_code == 200, again.text


def test_the_dashboard_serves_its_page_and_the_script_that_draws_it(stack):
    page = httpx.get(stack.url("dashboard"), timeout=10)
    script = re.search(r'src="\.?/?(static/js/[^"]+\.js)"', page.text).group(1)
    assert page.status_code == 200
    assert httpx.get(f"{stack.url('dashboard')}/{script}", timeout=10).status_code == 200


def test_the_dashboard_has_found_the_service(stack):
    version = httpx.get(stack.url("api") + "/readyz", timeout=10).json()["model_version"]
    assert version in stack.inside("dashboard", "python", "-c", PAGE)


def test_prometheus_scrapes_the_demo_app_and_the_service(stack):
    def up() -> set[str]:
        answer = httpx.get(stack.url("prometheus") + "/api/v1/targets", timeout=10).json()
        targets = answer["data"]["activeTargets"]
        return {target["labels"]["job"] for target in targets if target["health"] == "up"}

    wait_until(lambda: {"demo-app", "podforecast-api"} <= up(), seconds=60, what="targets up")


def test_the_demo_app_has_visitors(stack):
    def visits() -> float:
        text = httpx.get(stack.url("demo") + "/metrics", timeout=10).text
        counts = re.findall(SERVED, text, re.MULTILINE)
        return sum(float(count) for count in counts)

    wait_until(lambda: visits() >= 10, seconds=60, what="ten visits")


def test_a_memory_leak_ends_in_a_kill_by_the_kernel_and_a_restart(stack):
    restarts = inspect(stack.container("demo"))["RestartCount"]
    leak = httpx.post(stack.url("demo") + "/failures", timeout=10,
                      content=json.dumps({"memory_leak": {"mib_per_minute": 6000.0}}))  # fmt: skip
    assert leak.status_code == 200, leak.text
    wait_until(
        lambda: inspect(stack.container("demo"))["RestartCount"] > restarts,
        seconds=60, what="the demo app restarted",
    )  # fmt: skip
    wait_until(lambda: stack.health("demo") == "healthy", seconds=60, what="demo healthy again")

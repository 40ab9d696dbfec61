"""docker-compose.yml: valid, and no service with more rights than it needs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.deploy.test_workflows import check

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)

ALWAYS = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "restart": "unless-stopped",
}


def test_a_compose_file_with_a_misspelt_field_is_refused(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(yaml.safe_dump({"services": {"api": {"imagge": "x"}}}))
    assert check(wrong, "vendor.compose-spec").returncode == 1


def test_the_compose_file_keeps_to_its_schema():
    done = check(ROOT / "docker-compose.yml", "vendor.compose-spec")
    assert done.returncode == 0, done.stdout


def test_there_is_all_that_a_first_look_needs():
    assert set(SERVICES) == {"api", "dashboard", "demo", "load", "prometheus"}


@each_service
def test_a_service_is_hardened(service):
    assert {name: service.get(name) for name in ALWAYS} == ALWAYS


@each_service
def test_a_service_has_its_limits(service):
    assert service["mem_limit"].endswith("m")
    assert service["pids_limit"] > 0
    assert all("size=" in folder for folder in service["tmpfs"])


@each_service
def test_a_service_can_be_asked_for_its_health(service):
    built = service.get("build", {})
    dockerfile = ROOT / built.get("dockerfile", "Dockerfile")
    assert "healthcheck" in service or (built and "HEALTHCHECK" in dockerfile.read_text())


@each_service
def test_a_service_starts_after_those_it_needs_are_healthy(service):
    for name, needed in service.get("depends_on", {}).items():
        assert name in SERVICES
        assert needed == {"condition": "service_healthy"}


@each_service
def test_a_port_is_open_to_this_machine_unless_told_otherwise(service):
    for port in service.get("ports", ()):
        assert port.startswith("${BIND_ADDRESS:-127.0.0.1}:")


@each_service
def test_an_image_that_is_not_ours_is_pinned(service):
    if "build" not in service and not service["image"].startswith("podforecast-"):
        assert service["image"].partition(":")[2] not in ("", "latest")


def test_prometheus_scrapes_services_that_exist():
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    hosts = {target.partition(":")[0] for job in config["scrape_configs"]
             for group in job["static_configs"] for target in group["targets"]}  # fmt: skip
    assert hosts - {"127.0.0.1"} == {"api", "demo"}

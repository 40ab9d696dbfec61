"""render.yaml against the Blueprint specification, and against what it starts.

Render can not be run here; no package holds its schema, so ``render.schema.json`` is ours.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from podforecast.settings import read_settings

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "render.schema.json").read_text())
BLUEPRINT = yaml.safe_load((ROOT / "render.yaml").read_text())
SERVICES = {service["name"]: service for service in BLUEPRINT["services"]}
GIVEN_BY_RENDER = {"RENDER_EXTERNAL_URL": "https://podforecast-api.example"}
"""Set for every web service, beside PORT."""


def broken(**changes: object) -> dict:
    """Return the Blueprint with its first service changed; None removes a field."""
    changed = copy.deepcopy(BLUEPRINT)
    service = changed["services"][0] | changes
    changed["services"][0] = {key: value for key, value in service.items() if value is not None}
    return changed


@pytest.mark.parametrize(
    "blueprint",
    [
        pytest.param({}, id="nothing"),
        pytest.param(broken(env="docker"), id="field-of-old"),
        pytest.param(broken(plan="hobby"), id="no-such-plan"),
        pytest.param(broken(healthCheckPath="readyz"), id="path-without-slash"),
        pytest.param(broken(type=None), id="no-type"),
        pytest.param(broken(envVars=[{"key": "A"}]), id="variable-without-value"),
        pytest.param(broken(envVars=[{"key": "A", "value": "1", "sync": False}]), id="two-values"),
        pytest.param(
            broken(envVars=[{"key": "A", "fromService": {"type": "web", "name": "x"}}]),
            id="reference-to-nothing",
        ),
    ],
)
def test_a_blueprint_that_render_would_refuse_is_refused(blueprint):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(blueprint, SCHEMA)


def test_the_blueprint_keeps_to_the_specification():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(BLUEPRINT, SCHEMA)


def test_there_are_two_services_on_the_free_plan():
    assert {service["plan"] for service in SERVICES.values()} == {"free"}
    assert sorted(SERVICES) == ["podforecast-api", "podforecast-dashboard"]


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_what_a_service_is_built_from_is_there(service):
    assert (ROOT / service["dockerfilePath"]).is_file()


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_render_asks_the_same_question_as_docker_does(service):
    dockerfile = (ROOT / service["dockerfilePath"]).read_text()
    assert f"'{service['healthCheckPath']}'" in dockerfile


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_service_refers_to_what_another_one_has(service):
    references = [variable["fromService"] for variable in service.get("envVars", ())
                  if "fromService" in variable]  # fmt: skip
    for reference in references:
        there = {variable["key"] for variable in SERVICES[reference["name"]].get("envVars", ())}
        assert reference["envVarKey"] in there | set(GIVEN_BY_RENDER)


def value_of(variable: dict) -> str:
    """Return what Render would put there."""
    if variable.get("generateValue"):
        return "bWFkZSB1cCBieSBSZW5kZXIsIDI1NiBiaXRzIG9mIGl0"
    if "value" in variable:
        return str(variable["value"])
    reference = variable["fromService"]
    there = {other["key"]: other for other in SERVICES[reference["name"]].get("envVars", ())}
    key = reference["envVarKey"]
    return GIVEN_BY_RENDER[key] if key in GIVEN_BY_RENDER else value_of(there[key])


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_the_settings_take_what_render_gives_them(service, monkeypatch):
    for variable in service.get("envVars", ()):
        monkeypatch.setenv(variable["key"], value_of(variable))
    assert read_settings()


def test_the_dashboard_finds_the_service_and_shows_its_key(monkeypatch):
    for service in SERVICES.values():
        for variable in service["envVars"]:
            monkeypatch.setenv(variable["key"], value_of(variable))
    settings = read_settings()
    assert str(settings.dashboard.api_url).startswith(GIVEN_BY_RENDER["RENDER_EXTERNAL_URL"])
    assert settings.dashboard.api_key in settings.api_keys

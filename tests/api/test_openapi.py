"""The OpenAPI document: checked in, whole, and true about its examples."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from podforecast.serving import openapi_file
from podforecast.serving.application import create_app
from podforecast.serving.options import ServiceOptions

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
PROBES = {"/livez", "/readyz"}


def no_model(_):
    raise AssertionError("documentation needs no model")


def operations(document):
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture(scope="module")
def document():
    return json.loads(FILE.read_text())


@pytest.fixture(scope="module")
def locked():
    options = ServiceOptions(api_keys=("a-key-nobody-sees",))
    return create_app(Path("models"), load=no_model, options=options).openapi()


def test_the_file_is_what_the_service_answers():
    assert FILE.read_text() == openapi_file.text(), "run `make docs`"


def test_every_refusal_is_a_problem(document):
    for where, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (where, status)


def test_overload_is_documented_where_it_can_happen(document):
    without = {path for (_, path), operation in operations(document).items()
               if "503" not in operation["responses"]}  # fmt: skip
    assert without == {"/livez", "/metrics"}


def test_every_reader_of_a_body_may_give_it_up(document):
    for where, operation in operations(document).items():
        assert ("requestBody" in operation) == ("408" in operation["responses"]), where


def test_keys_are_documented_where_they_are_asked_for(locked):
    assert set(locked["components"]["securitySchemes"]) == {"bearer", "api_key"}
    for (method, path), operation in operations(locked).items():
        is_open = path in PROBES
        assert (operation["security"] == []) == is_open, (method, path)
        assert ("401" in operation["responses"]) != is_open, (method, path)


def test_no_key_is_in_the_document(locked):
    assert "a-key-nobody-sees" not in json.dumps(locked)


def test_a_service_without_keys_documents_none(document):
    assert "securitySchemes" not in document["components"]
    assert not [where for where, o in operations(document).items() if "401" in o["responses"]]


def test_every_example_of_a_request_fits_its_schema(document):
    checked = 0
    for operation in operations(document).values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for example in content.get("examples", {}).values():
                schema = content["schema"] | {"components": document["components"]}
                jsonschema.validate(example["value"], schema)
                checked += 1
    assert checked >= 2


def test_every_example_of_a_schema_fits_it(document):
    schemas = document["components"]["schemas"]
    with_example = {name: schema for name, schema in schemas.items() if "example" in schema}
    assert "PredictRequest" in with_example
    for schema in with_example.values():
        jsonschema.validate(schema["example"], schema | {"components": document["components"]})


def test_fields_carry_examples_that_fit(document):
    checked = 0
    for schema in document["components"]["schemas"].values():
        for part in schema.get("properties", {}).values():
            for example in part.get("examples", ()):
                jsonschema.validate(example, part | {"components": document["components"]})
                checked += 1
    assert checked >= 5

"""OpenAPI of routes that read and write their bodies themselves.

Such a route names its models with :func:`request_of`, :func:`answer_of` and :func:`problems`;
:func:`install` puts their schemas where these point.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from podforecast.api_schema.batch import (
    BatchColumns,
    BatchColumnsResponse,
    BatchProblem,
    BatchRowsResponse,
)
from podforecast.api_schema.fleet import FleetOut, PodDetailOut
from podforecast.api_schema.predict import ExplainedResponse, PredictRequest, PredictResponse
from podforecast.api_schema.problems import InputProblem, Problem
from podforecast.serving.problems import MEDIA_TYPE, STATUS
from podforecast.serving.refusals import InvalidInput
from podforecast.serving.shared_answers import complete

REFERENCE = "#/components/schemas/{model}"
Document = dict[str, Any]


def request_of(model: type[BaseModel]) -> Document:
    """``openapi_extra`` of a route that reads ``model``."""
    return {"requestBody": {"required": True, "content": _content("application/json", model)}}


def answer_of(model: type[BaseModel], description: str) -> dict[int | str, Document]:
    """``responses`` of a route that writes ``model``."""
    return {200: {"description": description, "content": _content("application/json", model)}}


def either_of(
    first: type[BaseModel], second: type[BaseModel], description: str
) -> dict[int | str, Document]:
    """``responses`` of a route that writes one model or the other."""
    content = {"application/json": {"schema": {"anyOf": [reference(first), reference(second)]}}}
    return {200: {"description": description, "content": content}}


def problems(*statuses: HTTPStatus) -> dict[int | str, Document]:
    """``responses`` of a route that may be answered with these problems."""
    return {
        int(status): {
            "description": status.phrase,
            "content": _content(
                MEDIA_TYPE, InputProblem if status is STATUS[InvalidInput] else Problem
            ),
        }
        for status in statuses
    }


def install(app: FastAPI, *, secured: bool = False) -> None:
    """Complete the application's OpenAPI document: schemas, and what every route may answer.

    Parameters
    ----------
    app
        With all its routes.
    secured
        Whether callers have to show a key.
    """
    generated = app.openapi

    @cache
    def completed() -> Document:
        document = generated()
        document.setdefault("components", {}).setdefault("schemas", {}).update(_schemas())
        return complete(document, secured=secured)

    app.openapi = completed  # type: ignore[method-assign]  # FastAPI's own way of extending it


def _schemas() -> Document:
    models = (
        (PredictRequest, "validation"),
        (PredictResponse, "serialization"),
        (ExplainedResponse, "serialization"),
    )
    fleet = ((FleetOut, "serialization"), (PodDetailOut, "serialization"))
    faults = ((Problem, "serialization"), (InputProblem, "serialization"))
    batch = (
        (BatchColumns, "validation"),
        (BatchRowsResponse, "serialization"),
        (BatchColumnsResponse, "serialization"),
        (BatchProblem, "serialization"),
    )
    all_of_them = [*models, *batch, *fleet, *faults]
    _, document = models_json_schema(all_of_them, ref_template=REFERENCE)  # type: ignore[arg-type]
    schemas: Document = document["$defs"]
    return schemas


def _content(media_type: str, model: type[BaseModel]) -> Document:
    return {media_type: {"schema": reference(model)}}


def reference(model: type[BaseModel]) -> Document:
    """Schema of ``model`` where :func:`install` puts it."""
    return {"$ref": REFERENCE.format(model=model.__name__)}

"""OpenAPI of routes that read and write their bodies themselves.

Such a route names its models with :func:`request_of`, :func:`answer_of` and :func:`problems`;
:func:`install` puts their schemas where these point.
"""

from __future__ import annotations

from collections.abc import Iterable
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
from podforecast.api_schema.prediction import PredictionOut
from podforecast.api_schema.problems import InputProblem, Problem
from podforecast.api_schema.simulate import SimulationOut
from podforecast.api_schema.watched_pod import (
    ExplainedWatchedPodResponse,
    PodNamed,
    WatchedPodResponse,
)
from podforecast.serving.problems import MEDIA_TYPE, STATUS
from podforecast.serving.refusals import InvalidInput
from podforecast.serving.shared_answers import complete

REFERENCE = "#/components/schemas/{model}"
Document = dict[str, Any]


def request_of(model: type[BaseModel]) -> Document:
    """``openapi_extra`` of a route that reads ``model``."""
    return {"requestBody": {"required": True, "content": _content("application/json", model)}}


def requests_of(*models: type[BaseModel]) -> Document:
    """``openapi_extra`` of a route that reads one of several models."""
    return {"requestBody": {"required": True, "content": _one_of_them(models)}}


def answer_of(model: type[BaseModel], description: str) -> dict[int | str, Document]:
    """``responses`` of a route that writes ``model``."""
    return {200: {"description": description, "content": _content("application/json", model)}}


def any_of(*models: type[BaseModel], description: str) -> dict[int | str, Document]:
    """``responses`` of a route that writes one of several models."""
    return {200: {"description": description, "content": _one_of_them(models)}}


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
        (PodNamed, "validation"),
        (WatchedPodResponse, "serialization"),
        (ExplainedWatchedPodResponse, "serialization"),
    )
    fleet = (
        (FleetOut, "serialization"),
        (PodDetailOut, "serialization"),
        (PredictionOut, "serialization"),
        (SimulationOut, "serialization"),
    )
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


def _one_of_them(models: Iterable[type[BaseModel]]) -> Document:
    return {"application/json": {"schema": {"anyOf": [reference(model) for model in models]}}}


def _content(media_type: str, model: type[BaseModel]) -> Document:
    return {media_type: {"schema": reference(model)}}


def reference(model: type[BaseModel]) -> Document:
    """Schema of ``model`` where :func:`install` puts it."""
    return {"$ref": REFERENCE.format(model=model.__name__)}

"""What a query string asks for, read as strictly as a body."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from podforecast.api_schema.problems import FieldProblem
from podforecast.serving.refusals import SHOWN_CHARACTERS, InvalidInput

FLAGS = {"true": True, "1": True, "false": False, "0": False}


def flag(request: Request, name: str) -> bool:
    """Whether the query asks for something; it does not where it does not say.

    Raises
    ------
    InvalidInput
        For any other word, and where it is asked twice.
    """
    if not request.scope["query_string"]:
        return False
    sent = request.query_params.getlist(name)
    if not sent:
        return False
    if len(sent) == 1 and sent[0] in FLAGS:
        return FLAGS[sent[0]]
    fault = FieldProblem(
        field=name,
        message=f"must be one of {', '.join(FLAGS)}, once",
        sent="&".join(sent)[:SHOWN_CHARACTERS],
        hint=f"Ask for ?{name}=true, or leave it out.",
    )
    raise InvalidInput([fault], total=1)


def flag_of(name: str, description: str) -> dict[str, Any]:
    """``openapi_extra`` of a route that reads a flag."""
    schema = {"type": "string", "enum": list(FLAGS), "default": "false"}
    parameter = {"name": name, "in": "query", "required": False, "description": description}
    return {"parameters": [{**parameter, "schema": schema}]}

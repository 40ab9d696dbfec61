"""Bad requests: what is wrong with each field, in words, and the way out.

Pydantic finds the faults; the table below words them for somebody who has never seen
Pydantic. What was sent is shown, cut short, so that an answer stays small whatever came in.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from podforecast.api_schema.problems import FieldProblem
from podforecast.domain.catalogue import CATALOGUE, Feature
from podforecast.errors import PodforecastError

SHOWN_CHARACTERS = 80
"""How much of what was sent is repeated."""
SHOWN_ERRORS = 100
"""More than all fields of the catalogue; only a flood of unknown fields has more."""

WHOLE_BODY = "(body)"
_FEATURES: Mapping[str, Feature] = {feature.name: feature for feature in CATALOGUE}
_FIELDS = ("pod_id", *_FEATURES)


class InvalidInput(PodforecastError):
    """The request can not be used; ``problems`` says why, field by field."""

    def __init__(self, problems: list[FieldProblem], *, total: int) -> None:
        first, many = problems[0], total > 1
        super().__init__(
            f"{total} errors, the first: {first.field} {first.message}"
            if many
            else f"{first.field} {first.message}",
            hint=f"Correct every field named in `errors`. {first.hint}" if many else first.hint,
        )
        self.problems = problems


class BodyTooLarge(PodforecastError):
    """The request is larger than its route reads."""


class EncodedBody(PodforecastError):
    """The request is compressed, which no route undoes."""


class BodyTooSlow(PodforecastError):
    """The body did not arrive in time."""


class Unauthorized(PodforecastError):
    """The request shows no key of this service."""


class Overloaded(PodforecastError):
    """There is no room for this request now; the next moment may have some."""


class NoPrometheus(PodforecastError):
    """What is watched is no Prometheus, so there is none to ask."""


class ReloadUnderWay(PodforecastError):
    """Another request is reloading the model."""


class ReloadFailed(PodforecastError):
    """The folder holds no model that could take over; the one before keeps answering."""


def refusal(error: ValidationError) -> InvalidInput:
    """Word what Pydantic found, in the order of the fields."""
    found = error.errors(include_url=False)
    return InvalidInput([worded(fault) for fault in found[:SHOWN_ERRORS]], total=len(found))


def parameter_refusal(faults: Sequence[ErrorDetails]) -> InvalidInput:
    """Word what FastAPI found in the path and the query; ``loc`` begins with which of them."""
    return InvalidInput([_parameter(fault) for fault in faults[:SHOWN_ERRORS]], total=len(faults))


def _parameter(fault: ErrorDetails) -> FieldProblem:
    place, name = fault["loc"][0], cut(".".join(map(str, fault["loc"][1:])))
    return FieldProblem(
        field=name,
        message=f"in the {place} can not be used: {fault['msg']}",
        sent=None if fault["type"] == "missing" else shown(fault["input"]),
        hint=f"/docs says what {name} takes.",
    )


def worded(fault: ErrorDetails) -> FieldProblem:
    """Say what is wrong with one field, and the way out."""
    field = cut(str(fault["loc"][0])) if fault["loc"] else WHOLE_BODY
    message, hint = _WORDS.get(fault["type"], _other)(field, fault)
    sent = None if fault["type"] == "missing" else shown(fault["input"])
    return FieldProblem(field=field, message=message, sent=sent, hint=hint)


Worded = tuple[str, str]


def _missing(field: str, _: ErrorDetails) -> Worded:
    return "is required but missing", f"Send {field}{_kind(field)}."


def _unknown(field: str, _: ErrorDetails) -> Worded:
    close = difflib.get_close_matches(field, _FIELDS, n=1)
    way_out = f"Did you mean {close[0]}?" if close else "Remove it; /docs lists the fields."
    return "is not a field of this request", way_out


def _no_number(field: str, fault: ErrorDetails) -> Worded:
    return f"must be a number, not {json_kind(fault['input'])}", f"Send {field}{_kind(field)}."


def _not_finite(field: str, _: ErrorDetails) -> Worded:
    feature = _FEATURES[field]
    way_out = "Measure it" if feature.required else "Leave it out where it was not measured"
    return "must be a finite number", f"{way_out}; NaN and infinity are not measurements."


def _limit(word: str, name: str) -> Callable[[str, ErrorDetails], Worded]:
    def worded(field: str, fault: ErrorDetails) -> Worded:
        return f"must be {word} {fault['ctx'][name]:.12g}", f"Send {field}{_kind(field)}."

    return worded


def _not_whole(field: str, _: ErrorDetails) -> Worded:
    return "must be a whole number", f"{field} is a count; round it."


def _no_category(field: str, _: ErrorDetails) -> Worded:
    return f"must be one of {', '.join(_FEATURES[field].categories)}", "Spell it exactly so."


def _no_text(field: str, fault: ErrorDetails) -> Worded:
    return f"must be text, not {json_kind(fault['input'])}", f"Send {field} in quotes."


def _too_short(field: str, _: ErrorDetails) -> Worded:
    return "must not be empty", f"Send any name for the pod as {field}."


def _too_long(field: str, fault: ErrorDetails) -> Worded:
    allowed = fault["ctx"]["max_length"]
    return f"must have at most {allowed} characters", f"Kubernetes allows no longer {field} either."


def _no_json(_: str, fault: ErrorDetails) -> Worded:
    return f"is not JSON: {fault['ctx']['error']}", "Send one JSON object in UTF-8."


def _no_object(_: str, fault: ErrorDetails) -> Worded:
    kind = json_kind(fault["input"])
    return f"must be a JSON object, not {kind}", "Send the fields of one pod as {...}."


def _other(_: str, fault: ErrorDetails) -> Worded:
    return fault["msg"], "See /docs for what each field takes."


_WORDS: Mapping[str, Callable[[str, ErrorDetails], Worded]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "float_type": _no_number,
    "finite_number": _not_finite,
    "greater_than_equal": _limit("at least", "ge"),
    "less_than_equal": _limit("at most", "le"),
    "multiple_of": _not_whole,
    "literal_error": _no_category,
    "string_type": _no_text,
    "string_too_short": _too_short,
    "string_too_long": _too_long,
    "json_invalid": _no_json,
    "model_type": _no_object,
}


def _kind(field: str) -> str:
    """Complete "Send <field>" with what it should be."""
    feature = _FEATURES.get(field)
    if feature is None:
        return " as text"
    if feature.categories:
        return f" as one of {', '.join(feature.categories)}"
    return f" as a number without quotes ({feature.unit}){'' if feature.required else ', or null'}"


_JSON_KINDS: Mapping[type, str] = {
    bool: "true or false",
    str: "text",
    list: "an array",
    dict: "an object",
    type(None): "null",
    int: "a number",
    float: "a number",
}


def json_kind(value: object) -> str:
    """Name a value as JSON does."""
    return _JSON_KINDS.get(type(value), type(value).__name__)


def cut(text: str) -> str:
    """Shorten what a client chose, so that an answer stays small."""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def shown(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Repeat what was sent, cut short; an array of a million values is not written out first."""
    if isinstance(value, bytes):
        return cut(value[: SHOWN_CHARACTERS + 1].decode(errors="replace"))
    text = ""
    for piece in _ENCODER.iterencode(value):
        text += piece
        if len(text) > SHOWN_CHARACTERS:
            break
    return cut(text)

"""Parameters of a query string: described for OpenAPI, read, and refused by name."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podforecast.api_schema.problems import FieldProblem
from podforecast.serving.refusals import InvalidInput, cut

LONGEST_NAME = 253
"""Kubernetes allows no longer name."""
LONGEST_TEXT = 2 * LONGEST_NAME + 1
"""Of a namespace and a name."""
MAX_VALUES = 50
"""Values of one parameter; nobody picks more namespaces by hand."""


class _Refused(ValueError):
    """A value that can not be used: what it must be, and the way out."""

    def __init__(self, must_be: str, way_out: str) -> None:
        super().__init__(must_be)
        self.must_be = must_be
        self.way_out = way_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of the query string."""

    name: str
    schema: Mapping[str, Any]
    """Of one value, as in OpenAPI."""
    meaning: str
    read: Callable[[str], object]
    repeatable: bool = False

    def document(self) -> dict[str, Any]:
        """Describe it for OpenAPI."""
        many = {"type": "array", "items": dict(self.schema), "maxItems": MAX_VALUES}
        return {
            "name": self.name,
            "in": "query",
            "required": False,
            "description": self.meaning,
            "schema": many if self.repeatable else dict(self.schema),
        }


def nonempty(text: str) -> str:
    """Read a name, which is never empty."""
    if not text:
        raise _Refused("must not be empty", "Leave it out to see all.")
    return bounded(text)


def bounded(text: str) -> str:
    """Read a text that is part of a name."""
    if len(text) > LONGEST_TEXT:
        raise _Refused(
            f"must have at most {LONGEST_TEXT} characters", "No namespace/name is longer."
        )
    return text


def text_schema(least: int = 0) -> dict[str, Any]:
    """Describe a text for OpenAPI."""
    return {"type": "string", "minLength": least, "maxLength": LONGEST_TEXT}


def one_of(allowed: Sequence[str]) -> Callable[[str], str]:
    """Reader of a word out of a list."""

    def read(text: str) -> str:
        if text not in allowed:
            close = difflib.get_close_matches(text[:LONGEST_NAME], allowed, n=1)
            raise _Refused(
                f"must be one of {', '.join(allowed)}",
                f"Did you mean {close[0]}?" if close else "Spell it exactly so.",
            )
        return text

    return read


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def probability(text: str) -> float:
    """Read a number from 0 to 1."""
    number = float(text) if _NUMBER.fullmatch(text[:LONGEST_NAME]) else math.nan
    if math.isnan(number):
        raise _Refused("must be a number", "Send it with a decimal point, such as 0.5.")
    if not 0.0 <= number <= 1.0:
        raise _Refused("must be from 0 to 1", "A probability of 50 % is 0.5.")
    return number


def whole(low: int, high: int, *, beyond: str) -> Callable[[str], int]:
    """Reader of a whole number; ``beyond`` is the way out where it is too small or too large."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,19}", text, re.ASCII):
            raise _Refused("must be a whole number", f"Send a number from {low} to {high}.")
        if not low <= int(text) <= high:
            raise _Refused(f"must be from {low} to {high}", beyond)
        return int(text)

    return read


def read_parameters(
    sent: Sequence[tuple[str, str]], parameters: Sequence[Parameter]
) -> dict[str, Any]:
    """Read the pairs of a query string that may have these parameters.

    Raises
    ------
    InvalidInput
        Naming every parameter that can not be used, unknown ones too: a filter with a typing error
        would show all pods as if it had been applied.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, list[str]] = {}
    for name, value in sent:
        values.setdefault(name, []).append(value)
    found: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, texts in values.items():
        try:
            found[name] = _read(name, texts, known)
        except _Refused as error:
            problems.append(
                FieldProblem(
                    field=cut(name),
                    message=error.must_be,
                    sent=cut(", ".join(texts[:MAX_VALUES])),
                    hint=error.way_out,
                )
            )
    if problems:
        raise InvalidInput(problems[:MAX_VALUES], total=len(problems))
    return found


def _read(name: str, texts: list[str], known: Mapping[str, Parameter]) -> object:
    parameter = known.get(name)
    if parameter is None:
        close = difflib.get_close_matches(name[:LONGEST_NAME], list(known), n=1)
        raise _Refused(
            "is not a parameter of this request",
            f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}.",
        )
    if not parameter.repeatable and len(texts) > 1:
        raise _Refused("must be given once", "Leave out all but one.")
    if len(texts) > MAX_VALUES:
        raise _Refused(f"must be given at most {MAX_VALUES} times", "Filter the answer instead.")
    read = [parameter.read(text) for text in texts]
    return frozenset(read) if parameter.repeatable else read[0]

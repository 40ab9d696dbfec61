"""What ``GET /pods`` may be asked for, read from the query string and refused by name."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from podforecast.api_schema.fleet import PodState
from podforecast.api_schema.problems import FieldProblem
from podforecast.domain.issues import IssueType
from podforecast.serving.refusals import InvalidInput, cut

STATES: tuple[PodState, ...] = get_args(PodState)
ISSUES: tuple[str, ...] = tuple(str(issue) for issue in IssueType)
Sort = Literal["risk", "name"]
SORTS: tuple[Sort, ...] = get_args(Sort)
LONGEST_NAME = 253
"""Kubernetes allows no longer name."""
MAX_LIMIT = 500
MAX_OFFSET = 10_000_000
MAX_VALUES = 50
"""Values of one parameter; nobody picks more namespaces by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetQuery:
    """Filters, order and page. A pod passes if every filter that is set lets it through."""

    namespace: frozenset[str] = frozenset()
    """Any of them; empty means all. Likewise the next three."""
    workload: frozenset[str] = frozenset()
    state: frozenset[str] = frozenset()
    issue_type: frozenset[str] = frozenset()
    min_probability: float = 0.0
    """Above 0, pods without a probability are left out."""
    q: str = ""
    """Part of ``namespace/name``, whatever its case."""
    sort: Sort = "risk"
    limit: int = 100
    offset: int = 0

    @property
    def lets_all_through(self) -> bool:
        """Whether no filter is set."""
        filters = (
            self.namespace,
            self.workload,
            self.state,
            self.issue_type,
            self.min_probability,
            self.q,
        )
        return not any(filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionQuery:
    """How many of the riskiest pods, and where."""

    namespace: frozenset[str] = frozenset()
    """Any of them; empty means all."""
    limit: int = 50


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


def _name(text: str) -> str:
    if not text:
        raise _Refused("must not be empty", "Leave it out to see all.")
    return _text(text)


def _text(text: str) -> str:
    if len(text) > 2 * LONGEST_NAME + 1:
        raise _Refused(
            f"must have at most {2 * LONGEST_NAME + 1} characters", "No namespace/name is longer."
        )
    return text


def _one_of(allowed: Sequence[str]) -> Callable[[str], str]:
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


def _probability(text: str) -> float:
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


def _text_schema(length: int, least: int = 0) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": length}


_LONGEST = 2 * LONGEST_NAME + 1
_PAGE_BY_PAGE = "Ask for more pods page by page."
_NAMESPACE = Parameter(
    name="namespace",
    schema=_text_schema(_LONGEST, 1),
    meaning="Only pods of this namespace; may be given several times.",
    read=_name,
    repeatable=True,
)


def _limit(default: int, meaning: str) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default}
    read = whole(1, MAX_LIMIT, beyond=_PAGE_BY_PAGE)
    return Parameter(name="limit", schema=schema, meaning=meaning, read=read)


PARAMETERS: tuple[Parameter, ...] = (
    _NAMESPACE,
    Parameter(
        name="workload",
        schema=_text_schema(_LONGEST, 1),
        meaning="Only pods of this workload, as namespace/name; may be given several times.",
        read=_name,
        repeatable=True,
    ),
    Parameter(
        name="state",
        schema={"type": "string", "enum": list(STATES)},
        meaning="Only pods in this state; may be given several times.",
        read=_one_of(STATES),
        repeatable=True,
    ),
    Parameter(
        name="issue_type",
        schema={"type": "string", "enum": list(ISSUES)},
        meaning="Only pods with this kind of trouble ahead; may be given several times. `none` is"
        " told of pods that have a probability, and are neither at risk nor likelier than not to"
        " fail.",
        read=_one_of(ISSUES),
        repeatable=True,
    ),
    Parameter(
        name="min_probability",
        schema={"type": "number", "minimum": 0, "maximum": 1, "default": 0},
        meaning="Only pods at least so likely to fail. Above 0 this leaves out pods without a"
        " probability: those that are failing already or have too little data.",
        read=_probability,
    ),
    Parameter(
        name="q",
        schema=_text_schema(_LONGEST),
        meaning="Only pods with this in their namespace/name, whatever its case.",
        read=_text,
    ),
    Parameter(
        name="sort",
        schema={"type": "string", "enum": list(SORTS), "default": "risk"},
        meaning="`risk`: failing pods, then the riskiest, those with too little data last; `name`:"
        " by namespace and name.",
        read=_one_of(SORTS),
    ),
    _limit(100, "Pods on a page."),
    Parameter(
        name="offset",
        schema={"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
        meaning="Pods to leave out before the page.",
        read=whole(0, MAX_OFFSET, beyond=_PAGE_BY_PAGE),
    ),
)
PREDICTION_PARAMETERS = (_NAMESPACE, _limit(50, "The riskiest so many."))


def read_query(sent: Sequence[tuple[str, str]]) -> FleetQuery:
    """Read the pairs of a query string.

    Raises
    ------
    InvalidInput
        As :func:`read_parameters`.

    Examples
    --------
    >>> read_query([("namespace", "shop"), ("state", "failing"), ("state", "at_risk")]).limit
    100
    """
    return FleetQuery(**read_parameters(sent, PARAMETERS))


def read_prediction_query(sent: Sequence[tuple[str, str]]) -> PredictionQuery:
    """Read the pairs of the query string of ``GET /prediction``.

    Raises
    ------
    InvalidInput
        As :func:`read_parameters`.
    """
    return PredictionQuery(**read_parameters(sent, PREDICTION_PARAMETERS))


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


def check_name(field: str, name: str) -> str:
    """Return a name of the path.

    Raises
    ------
    InvalidInput
        If it is longer than any name can be.
    """
    if len(name) > LONGEST_NAME:
        problem = FieldProblem(
            field=field,
            message=f"must have at most {LONGEST_NAME} characters",
            sent=cut(name),
            hint="Kubernetes allows no longer name either.",
        )
        raise InvalidInput([problem], total=1)
    return name

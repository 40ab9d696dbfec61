"""What ``GET /pods`` and ``GET /prediction`` may be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from podforecast.api_schema.fleet import PodState
from podforecast.api_schema.problems import FieldProblem
from podforecast.domain.issues import IssueType
from podforecast.serving.parameters import (
    LONGEST_NAME,
    Parameter,
    bounded,
    nonempty,
    one_of,
    probability,
    read_parameters,
    text_schema,
    whole,
)
from podforecast.serving.refusals import InvalidInput, cut

STATES: tuple[PodState, ...] = get_args(PodState)
ISSUES: tuple[str, ...] = tuple(str(issue) for issue in IssueType)
Sort = Literal["risk", "name"]
SORTS: tuple[Sort, ...] = get_args(Sort)
MAX_LIMIT = 500
MAX_OFFSET = 10_000_000


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


_PAGE_BY_PAGE = "Ask for more pods page by page."
_NAMESPACE = Parameter(
    name="namespace",
    schema=text_schema(1),
    meaning="Only pods of this namespace; may be given several times.",
    read=nonempty,
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
        schema=text_schema(1),
        meaning="Only pods of this workload, as namespace/name; may be given several times.",
        read=nonempty,
        repeatable=True,
    ),
    Parameter(
        name="state",
        schema={"type": "string", "enum": list(STATES)},
        meaning="Only pods in this state; may be given several times.",
        read=one_of(STATES),
        repeatable=True,
    ),
    Parameter(
        name="issue_type",
        schema={"type": "string", "enum": list(ISSUES)},
        meaning="Only pods with this kind of trouble ahead; may be given several times. `none` is"
        " told of pods that have a probability, and are neither at risk nor likelier than not to"
        " fail.",
        read=one_of(ISSUES),
        repeatable=True,
    ),
    Parameter(
        name="min_probability",
        schema={"type": "number", "minimum": 0, "maximum": 1, "default": 0},
        meaning="Only pods at least so likely to fail. Above 0 this leaves out pods without a"
        " probability: those that are failing already or have too little data.",
        read=probability,
    ),
    Parameter(
        name="q",
        schema=text_schema(),
        meaning="Only pods with this in their namespace/name, whatever its case.",
        read=bounded,
    ),
    Parameter(
        name="sort",
        schema={"type": "string", "enum": list(SORTS), "default": "risk"},
        meaning="`risk`: failing pods, then the riskiest, those with too little data last; `name`:"
        " by namespace and name.",
        read=one_of(SORTS),
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
        As :func:`~podforecast.serving.parameters.read_parameters`.

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
        As :func:`~podforecast.serving.parameters.read_parameters`.
    """
    return PredictionQuery(**read_parameters(sent, PREDICTION_PARAMETERS))


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

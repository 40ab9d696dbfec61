"""What the Fleet page shows of the fleet, as the address of the page has it.

A link reproduces the view. What can not be read in a link is left out, and said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from podforecast.api_schema.fleet import PodState
from podforecast.domain.issues import FAILING_ISSUES, IssueType

PAGE_SIZE = 100
LONGEST_TEXT = 253
"""As the longest name of a pod."""
STATES: tuple[PodState, ...] = get_args(PodState)
ISSUES = FAILING_ISSUES
"""To ask for no issue is what the counters of states are for."""
LAST_PAGE = 10_000
"""A million pods; further on is a typing error."""


@dataclass(frozen=True, slots=True)
class PodName:
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetQuery:
    """Filters, page and, where one pod is looked at, its name."""

    namespace: str | None = None
    state: PodState | None = None
    issue: IssueType | None = None
    text: str = ""
    min_probability: float = 0.0
    page: int = 1
    pod: PodName | None = None

    @property
    def is_filtered(self) -> bool:
        return replace(self, page=1, pod=None) != FleetQuery()


def read_address(params: Mapping[str, str]) -> tuple[FleetQuery, tuple[str, ...]]:
    """Read the parameters of a link, and say which could not be used.

    >>> query, complaints = read_address({"state": "at_risk", "page": "2"})
    >>> query.state, query.page, complaints
    ('at_risk', 2, ())
    >>> read_address({"min_probability": "2"})[1]
    ('min_probability = 2 is no number from 0 to 1.',)
    """
    complaints: list[str] = []

    def refuse(name: str, must_be: str) -> None:
        complaints.append(f"{name} = {params[name][:40]} is no {must_be}.")

    state = next((state for state in STATES if state == params.get("state")), None)
    if params.get("state") and state is None:
        refuse("state", f"state; there are {', '.join(STATES)}")
    issue = next((each for each in ISSUES if each == params.get("issue_type")), None)
    if params.get("issue_type") and issue is None:
        refuse("issue_type", f"kind of trouble; there are {', '.join(ISSUES)}")
    share = _number(params.get("min_probability", "0"), low=0.0, high=1.0)
    if share is None:
        refuse("min_probability", "number from 0 to 1")
    page = _number(params.get("page", "1"), low=1.0, high=LAST_PAGE)
    if page is None or page % 1:
        refuse("page", "number of a page")
    pod = _pod(params.get("pod", ""))
    if params.get("pod") and pod is None:
        refuse("pod", "namespace/name")
    query = FleetQuery(
        namespace=params.get("namespace", "")[:LONGEST_TEXT] or None,
        state=state,
        issue=issue,
        text=params.get("text", "")[:LONGEST_TEXT],
        min_probability=share or 0.0,
        page=1 if page is None or page % 1 else int(page),
        pod=pod,
    )
    return query, tuple(complaints)


def as_address(query: FleetQuery) -> dict[str, str]:
    """Write the parameters of a link; what is as usual stays out of it.

    >>> as_address(FleetQuery(text="cart", min_probability=0.5, pod=PodName("shop", "cart-0")))
    {'text': 'cart', 'min_probability': '0.5', 'pod': 'shop/cart-0'}
    """
    params = {
        "namespace": query.namespace or "",
        "state": query.state or "",
        "issue_type": query.issue or "",
        "text": query.text,
        "min_probability": f"{query.min_probability:g}" if query.min_probability else "",
        "page": str(query.page) if query.page > 1 else "",
        "pod": str(query.pod) if query.pod else "",
    }
    return {name: value for name, value in params.items() if value}


def as_filters(query: FleetQuery) -> dict[str, str]:
    """Write the parameters of ``GET /pods``.

    >>> as_filters(FleetQuery(text="cart", page=3))
    {'q': 'cart', 'limit': '100', 'offset': '200'}
    """
    params = {
        "namespace": query.namespace or "",
        "state": query.state or "",
        "issue_type": query.issue or "",
        "q": query.text,
        "min_probability": f"{query.min_probability:g}" if query.min_probability else "",
    }
    page = {"limit": str(PAGE_SIZE), "offset": str((query.page - 1) * PAGE_SIZE)}
    return {name: value for name, value in params.items() if value} | page


def _number(text: str, *, low: float, high: float) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if low <= number <= high else None


def _pod(text: str) -> PodName | None:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name) or "/" in name or len(text) > 2 * LONGEST_TEXT:
        return None
    return PodName(namespace, name)

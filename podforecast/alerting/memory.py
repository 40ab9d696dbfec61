"""The policy's state as bytes, so that a restart neither repeats nor forgets an alert."""

from __future__ import annotations

from functools import cache

from pydantic import TypeAdapter, ValidationError

from podforecast.alerting.policy import PolicyState
from podforecast.errors import DataUnusable


def remembered(state: PolicyState) -> bytes:
    """Write a state as JSON.

    >>> recalled(remembered(PolicyState(at=1.5))).at
    1.5
    """
    return _adapter().dump_json(state)


def recalled(document: bytes) -> PolicyState:
    """Read what :func:`remembered` wrote.

    Raises
    ------
    DataUnusable
        If it is of another version, or damaged.
    """
    try:
        return _adapter().validate_json(document)
    except ValidationError as error:
        raise DataUnusable(
            f"the remembered alerts can not be read: {error.errors(include_url=False)[0]['msg']}",
            hint="They are raised anew if pods are still at risk; nothing needs doing.",
        ) from error


@cache
def _adapter() -> TypeAdapter[PolicyState]:
    return TypeAdapter(PolicyState)

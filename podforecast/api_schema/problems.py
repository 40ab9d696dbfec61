"""Errors of the service."""

from __future__ import annotations

from pydantic import Field

from podforecast.api_schema.answer import Answer


class Problem(Answer):
    """Every error, as RFC 9457 (application/problem+json)."""

    type: str = Field(description="Which kind of problem; stable.")
    title: str
    status: int
    detail: str = Field(description="What happened, with the offending value.")
    hint: str = Field(description="The way out.")
    request_id: str = Field(description="Also in the X-Request-ID header and in the log.")


class FieldProblem(Answer):
    """One field of the request that can not be used."""

    field: str = Field(examples=["cpu_usage_pct"])
    message: str = Field(examples=["must be at most 10000"])
    sent: str | None = Field(description="What was sent, cut short; null if nothing was.")
    hint: str


class InputProblem(Problem):
    """A request that can not be used, with every reason."""

    errors: list[FieldProblem]

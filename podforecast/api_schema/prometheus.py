"""The Prometheus behind the fleet view, as a test of the connection found it."""

from __future__ import annotations

from pydantic import Field

from podforecast.api_schema.answer import Answer


class JobOut(Answer):
    """Targets of one scrape job."""

    job: str
    up: int
    down: int


class MissingMetricOut(Answer):
    """A metric that forecasts would use, and that is not there."""

    name: str = Field(examples=["container_cpu_usage_seconds_total"])
    exporter: str = Field(description="Who would export it.", examples=["cAdvisor"])
    signals: list[str] = Field(description="Signals that read it; others may stand in for it.")


class PrometheusOut(Answer):
    """What a Prometheus answered."""

    address: str = Field(description="Without credentials.", examples=["http://prometheus:9090/"])
    product: str | None = Field(description="null where it does not say.")
    version: str | None
    answered_seconds: float = Field(description="How long the `up` query took.")
    age_seconds: float = Field(
        description="Since it was asked: an answer is kept for 10 seconds, so that nobody can use"
        " this route to load the server."
    )
    up: int = Field(description="Targets whose last scrape worked.")
    down: int
    jobs: list[JobOut] = Field(description="At most 50, those with most targets down first.")
    more_jobs: int
    metrics: list[str] = Field(description="Wanted metrics that are there.")
    missing: list[MissingMetricOut]
    signals_unknown: list[str] = Field(
        description="Signals of which no metric of their own is there: no pod has them."
    )

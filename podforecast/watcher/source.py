"""What a watcher needs of the place that telemetry comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from podforecast.domain.memory import MemorySize
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetrySource
from podforecast.telemetry.prometheus.queries import EVERYTHING, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What is known of a source before it is opened, and does not change."""

    kind: Literal["replay", "prometheus"]
    name: str
    interval: timedelta
    """A scan is due this often, by the wall clock."""
    speed: float | None = None
    """Times faster than real time; None where it is live."""
    scope: Scope = EVERYTHING
    """Label matchers and rate window of its queries."""


class FleetSource(TelemetrySource, Protocol):
    """Telemetry of a fleet, with its own idea of what time it is."""

    @property
    def facts(self) -> SourceFacts:
        """Kind, name and pace."""
        ...

    def open(self) -> None:
        """Do what takes long. Called once, from the watcher's thread; again if it failed.

        Raises
        ------
        PodforecastError
        """
        ...

    def now(self) -> datetime:
        """Newest moment of which there may be samples; aware, UTC, on the grid of the samples.

        A moment before the last one means that the source has started over: what was known of
        its pods is void.
        """
        ...

    def begins(self) -> datetime | None:
        """First moment worth a forecast; None where the past has no such beginning."""
        ...

    def failures_until(self, moment: datetime) -> Sequence[Failure]:
        """Failures known by then, in order of time."""
        ...

    def muted(self, moment: datetime) -> frozenset[PodRef]:
        """Pods whose owners asked for silence by annotation: forecast, but not alerted on."""
        ...

    def sizes(self, pods: Sequence[PodRef], moment: datetime) -> Mapping[PodRef, MemorySize]:
        """Memory of a few pods in bytes, for advice; those whose is not known are left out."""
        ...

    def tell(self, moment: datetime) -> str:
        """One sentence about where the source stands."""
        ...

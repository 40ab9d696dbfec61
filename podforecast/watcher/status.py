"""How a source does, in a word and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from podforecast.errors import PodforecastError
from podforecast.watcher.source import SourceFacts

State = Literal["starting", "live", "stale", "failed"]
STALE_INTERVALS = 2
"""A scan may be late once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """A source as of the moment it was asked about."""

    facts: SourceFacts
    told: str
    """Where the source stood at the latest scan."""
    scanned_at: float | None
    """Time of the newest sample of the latest scan, Unix seconds; None before the first."""
    age_seconds: float | None
    """Since the latest scan was made."""
    scans_the_past: bool
    troubles: Mapping[str, PodforecastError]
    """What followers of the scans, such as the store, fail at, by name."""
    reason: PodforecastError | None
    """Why the latest tick failed; None if it did not."""

    @property
    def state(self) -> State:
        if self.age_seconds is None:
            return "starting" if self.reason is None else "failed"
        if self.scans_the_past:
            return "starting"
        return "live" if self.is_fresh else "stale"

    @property
    def is_fresh(self) -> bool:
        """Whether there is a scan, and none is overdue."""
        return self.age_seconds is not None and self.age_seconds <= self._patience_seconds

    @property
    def detail(self) -> str:
        """What the state means here."""
        reason = "" if self.reason is None else f" {_sentence(self.reason.message)}"
        if self.age_seconds is None:
            return f"There is no scan.{reason}" if reason else "The first scan is being made."
        if self.state == "stale":
            return f"The last scan was made {self.age_seconds:.0f} s ago.{reason}"
        return f"{self.told} The past is being scanned." if self.scans_the_past else self.told

    @property
    def worded_troubles(self) -> tuple[str, ...]:
        """What followers of the scans fail at, a sentence each."""
        return tuple(_sentence(f"{name}: {error.message}") for name, error in self.troubles.items())

    @property
    def _patience_seconds(self) -> float:
        return STALE_INTERVALS * self.facts.interval.total_seconds()


def _sentence(text: str) -> str:
    """Make a message of an error stand after another sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."

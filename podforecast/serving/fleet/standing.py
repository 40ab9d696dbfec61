"""Where a scan comes from and how old it is, as an answer."""

from __future__ import annotations

from typing import Any

from podforecast.serving.fleet.rows import utc
from podforecast.watcher.status import SourceStatus


def standing(status: SourceStatus) -> dict[str, Any]:
    """Describe it as :class:`~podforecast.api_schema.fleet.SourceOut`."""
    return {
        "kind": status.facts.kind,
        "name": status.facts.name,
        "state": status.state,
        "detail": status.detail,
        "troubles": status.worded_troubles,
        "scanned_at": None if status.scanned_at is None else utc(status.scanned_at),
        "age_seconds": None if status.age_seconds is None else round(status.age_seconds, 3),
        "interval_seconds": status.facts.interval.total_seconds(),
        "speed": status.facts.speed,
    }

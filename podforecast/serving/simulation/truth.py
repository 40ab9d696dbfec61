"""What was simulated, told beside the forecast: the model never sees it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np

from podforecast.domain.issues import IssueType
from podforecast.telemetry.simulator.fleet import SimulatedFleet


def truth_of(fleet: SimulatedFleet) -> list[dict[str, Any]]:
    """Return each cluster's, as in :class:`~podforecast.api_schema.simulate.TruthOut`."""
    quiet: dict[str, Any] = {
        "issue_type": IssueType.NONE,
        "pod": None,
        "began_at": None,
        "failed_at": None,
    }
    found = [quiet] * (int(fleet.cluster[-1]) + 1)
    for row in np.flatnonzero(np.isfinite(fleet.began_at)).tolist():
        found[fleet.cluster[row]] = {
            "issue_type": fleet.issues[row],
            "pod": fleet.block.pods[row].name,
            "began_at": _time(fleet.began_at[row]),
            "failed_at": _time(fleet.failed_at[row]),
        }
    return found


def _time(seconds: float) -> datetime | None:
    return None if math.isnan(seconds) else datetime.fromtimestamp(round(seconds), UTC)

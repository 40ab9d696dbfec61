"""The state of each pod of a scan, in a word."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np

from podforecast.api_schema.fleet import PodState
from podforecast.watcher.scan import Scan

STATES: tuple[PodState, ...] = get_args(PodState)


def states_of(scan: Scan) -> list[PodState]:
    """State of each pod of a scan."""
    return [state_of(scan, row) for row in range(len(scan.index.pods))]


def state_of(scan: Scan, row: int) -> PodState:
    """State of the pod in a row of a scan."""
    if scan.failing[row]:
        return "failing"
    if math.isnan(scan.probability[row]):
        return "insufficient_data"
    return "at_risk" if scan.at_risk[row] else "stable"


def counts(scan: Scan | None) -> dict[PodState, int]:
    """How many pods of a scan are in each state, 0 too; none where there is no scan."""
    if scan is None:
        return dict.fromkeys(STATES, 0)
    scored = ~scan.failing & ~np.isnan(scan.probability)
    at_risk, failing = int((scored & scan.at_risk).sum()), int(scan.failing.sum())
    stable = int(scored.sum()) - at_risk
    return {
        "at_risk": at_risk,
        "failing": failing,
        "insufficient_data": len(scan.failing) - failing - at_risk - stable,
        "stable": stable,
    }

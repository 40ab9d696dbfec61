"""The state of each pod of a scan, in a word."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import get_args

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


def counts(states: Iterable[PodState]) -> dict[PodState, int]:
    """How many there are of each state, 0 too."""
    counted = Counter(states)
    return {state: counted[state] for state in STATES}

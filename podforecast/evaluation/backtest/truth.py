"""What happened in a stretch, as the signals show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from podforecast.domain.outcomes import REPEAT_WITHIN, Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import HORIZON, STEP, TelemetrySource
from podforecast.evaluation.backtest.stretch import LONGEST_PIECE, Stretch
from podforecast.telemetry.failures import EVICTED_FOR, failures_of

SIGNALS = (
    "restarts",
    "last_termination_code",
    "liveness_failures",
    "status_code",
    "container_age_minutes",
)
"""All that failures are read off."""
BEFORE = REPEAT_WITHIN + timedelta(minutes=5)
"""So far back another failure makes this one a repeat; the rest is for gaps in the samples."""
SHOWN_WITHIN = timedelta(minutes=1)
"""So long after a failure kube-state-metrics shows it."""

Progress = Callable[[int, int], None]


def failures_in(
    source: TelemetrySource, stretch: Stretch, *, progress: Progress = lambda *_: None
) -> tuple[tuple[Failure, ...], int]:
    """Return the failures that forecasts of a stretch may announce, and the most pods at a time.

    Read in pieces of two hours, of five signals only.

    Raises
    ------
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
    """
    found: list[Failure] = []
    pods, first, last = 0, stretch.start, stretch.end + HORIZON
    while first < last:
        until = min(first + LONGEST_PIECE, last)
        block = source.read(SIGNALS, start=first - BEFORE, end=_on_steps(first, until))
        pods = max(pods, len(block.pods))
        found += [
            failure
            for failure in failures_of(block)
            if first.timestamp() < failure.at <= until.timestamp()
        ]
        first = until
        progress(round((first - stretch.start) / STEP), round((last - stretch.start) / STEP))
    return tuple(found), pods


def _on_steps(first: datetime, until: datetime) -> datetime:
    """A little past the end, on the grid of the start: an eviction shows itself by lasting."""
    steps = -(-(until + EVICTED_FOR - first) // STEP)
    return first + steps * STEP


def with_precursors(
    failures: Sequence[Failure], recorded: Sequence[Failure]
) -> tuple[Failure, ...]:
    """Add what the record of a campaign knows of the failures that its signals show."""
    by_pod: dict[PodRef, list[Failure]] = {}
    for failure in recorded:
        by_pod.setdefault(failure.pod, []).append(failure)
    return tuple(_completed(failure, by_pod.get(failure.pod, ())) for failure in failures)


def _completed(failure: Failure, recorded: Sequence[Failure]) -> Failure:
    near = [r for r in recorded if 0.0 <= failure.at - r.at <= SHOWN_WITHIN.total_seconds()]
    if not near:
        return failure
    return replace(failure, precursor=near[-1].precursor, fault_kind=near[-1].fault_kind)

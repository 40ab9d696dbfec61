"""Where a live source stands, in a few sentences for people."""

from __future__ import annotations

from podforecast.domain.telemetry import STEP
from podforecast.telemetry.prometheus.filling import RingFiller
from podforecast.telemetry.ring import Ring

NAMED = 4
"""Signals that are named; of more there is only a count."""


def story(watched: str, ring: Ring, filler: RingFiller) -> str:
    """Tell what is watched, and what was left out of the latest scan."""
    namespaces = {pod.namespace for pod in ring.pods}
    told = [
        f"Watches {watched}: {_count(len(ring.pods), 'pod')} of the last hour in"
        f" {_count(len(namespaces), 'namespace')}."
    ]
    unanswered = [signal for pack in filler.failed for signal in pack]
    if unanswered:
        reason = next(iter(filler.failed.values())).message
        told.append(f"Not answered: {_named(unanswered)} ({reason}).")
    if filler.rejected:
        reason = next(iter(filler.rejected.values())).message
        told.append(f"Left out: {_named(list(filler.rejected))} ({reason}).")
    if filler.gap:
        minutes = filler.gap * STEP.total_seconds() / 60.0
        told.append(f"Of the last hour, {minutes:.1f} minutes are still to be read.")
    return " ".join(told)


def _named(signals: list[str]) -> str:
    more = len(signals) - NAMED
    return ", ".join(signals[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, what: str) -> str:
    """Count things.

    >>> _count(1, "pod"), _count(2000, "pod")
    ('1 pod', '2 000 pods')
    """
    grouped = f"{number:,}".replace(",", " ")
    return f"{grouped} {what}{'' if number == 1 else 's'}"

"""What readers get: the latest scan, those before it, and what has happened. Never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Index, Mask
from podforecast.domain.telemetry import HORIZON, Array
from podforecast.explain.explained import Explained
from podforecast.model.scorer import Scorer
from podforecast.telemetry.prometheus.queries import EVERYTHING, Scope
from podforecast.watcher.outlook import Outlook
from podforecast.watcher.scan import DRAWN, Scan

TREND = 60
"""Scans of a sparkline: a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One pod over the scans since it was first seen, oldest first; NaN where it was not."""

    times: Array
    """Unix seconds, (n_scans,)."""
    probability: Array
    at_risk: Mask
    failing: Mask
    drawn: Array
    """(n_scans, len(DRAWN))."""
    whole_from: float
    """A failure after this has its whole horizon on the timeline; Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The fleet as of one scan."""

    scans: tuple[Scan, ...]
    """Oldest first, the present one last; at least one."""
    features: Array
    """Of the present scan's pods, catalogue order, (n_pods, n_features)."""
    failures: Mapping[PodRef, tuple[Failure, ...]]
    """Of each pod until the present scan, in order of time."""
    muted: frozenset[PodRef]
    """Forecast, but not alerted on."""
    explained: Mapping[PodRef, Explained]
    """Why, and what to do, for the riskiest pods of the present scan."""
    outlook: Outlook = field(default_factory=Outlook)
    """What kind of trouble, and what status to expect; rows as in the present scan."""
    model: Scorer
    """The one that scored the present scan."""
    told: str
    """Where the source stands, in a sentence."""
    made_at: float
    """Seconds of the wall clock that never goes back."""
    scope: Scope = EVERYTHING
    """Of the source's queries."""

    @property
    def present(self) -> Scan:
        return self.scans[-1]

    def trends(self, length: int = TREND, *, rows: Index | None = None) -> Array:
        """Latest probabilities of the present pods, oldest first, (n_pods, <= length).

        Parameters
        ----------
        length
            How many scans.
        rows
            Of these pods only, in this order; None means all.
        """
        pods = self.present.index.pods
        chosen = pods if rows is None else tuple(pods[row] for row in rows)
        rows_of: dict[int, Index] = {}
        columns = []
        for each in self.scans[-length:]:
            # Scans of the same pods share an index: names are looked up once for all of them.
            found = rows_of.get(id(each.index))
            if found is None:
                found = rows_of[id(each.index)] = each.index.rows_of(chosen)
            column = np.full(len(found), np.nan)
            seen = found >= 0
            # Not by the index -1 of those not seen: a scan may have seen no pod at all.
            column[seen] = each.probability[found[seen]]
            columns.append(column)
        return np.stack(columns, axis=1)

    def timeline(self, pod: PodRef) -> Timeline:
        """Return what the scans said about a pod of the present one."""
        found = [(each, each.index.row(pod)) for each in self.scans]
        first = next(i for i, (_, row) in enumerate(found) if row is not None)
        shown = found[first:]
        return Timeline(
            times=np.array([each.at for each, _ in shown]),
            probability=np.array([_at(each.probability, row) for each, row in shown]),
            at_risk=np.array([row is not None and bool(each.at_risk[row]) for each, row in shown]),
            failing=np.array([row is not None and bool(each.failing[row]) for each, row in shown]),
            drawn=np.stack([_UNKNOWN if row is None else each.drawn[row] for each, row in shown]),
            # A pod that came later has nothing before; of the others, older scans are forgotten.
            whole_from=shown[0][0].at + (0.0 if first else HORIZON.total_seconds()),
        )


def by_pod(failures: Sequence[Failure]) -> Mapping[PodRef, tuple[Failure, ...]]:
    """Sort failures by their pods, each in order of time."""
    found: dict[PodRef, list[Failure]] = {}
    for failure in sorted(failures, key=lambda failure: failure.at):
        found.setdefault(failure.pod, []).append(failure)
    return {pod: tuple(own) for pod, own in found.items()}


_UNKNOWN = np.full(len(DRAWN), np.nan)


def _at(values: Array, row: int | None) -> float:
    return float("nan") if row is None else float(values[row])

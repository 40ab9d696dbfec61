"""The raw series of a run: all that any query reads, or of some workloads when that is a lot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np

from podforecast.domain.pods import PodRef
from podforecast.telemetry.prometheus.answers import Series
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.queries import METRICS
from podforecast.telemetry.raw_series import RawSeries, write_series

SCRAPE_SECONDS = 15.0
ENDED_AFTER = 1.5
"""A series with no sample for so many scrapes had ended in between."""
SMALLEST_SHARE = 0.05


def read_raw(api: QueryApi, *, start: float, end: float) -> Iterator[RawSeries]:
    """Yield every series of every metric that the queries select, as it was scraped."""
    window = f"[{int(end - start) + 1}s]"
    for metric in METRICS:
        for found in api.at(f"{metric}{{}}{window}", end):
            yield as_raw(found, end=end)


def as_raw(found: Series, *, end: float) -> RawSeries:
    """Add the staleness markers that the query API hides.

    Prometheus writes one at the first scrape in which a series is missing.
    """
    gaps = np.diff(found.times, append=end) > ENDED_AFTER * SCRAPE_SECONDS
    times = np.concatenate([found.times, found.times[gaps] + SCRAPE_SECONDS])
    values = np.concatenate([found.values, np.full(int(gaps.sum()), np.nan)])
    order = np.argsort(times, kind="stable")
    labels = {name: value for name, value in found.labels.items() if name != "__name__"}
    return RawSeries(
        name=found.labels["__name__"],
        labels=labels,
        time_ms=np.rint(1000 * times[order]).astype(np.int64),
        values=values[order],
    )


def write_within(
    path: Path,
    series: Sequence[RawSeries],
    owners: Mapping[PodRef, str],
    *,
    budget_bytes: int,
    rng: Random,
) -> tuple[str, ...]:
    """Write as many whole workloads as fit, and all series that belong to no pod.

    Returns
    -------
    tuple of str
        The workloads that are in the file.
    """
    workloads = sorted(set(owners.values()))
    rng.shuffle(workloads)
    share = 1.0
    while True:
        kept = frozenset(workloads[: max(1, round(share * len(workloads)))])
        size = write_series(path, [each for each in series if _belongs(each, owners, kept)])
        if size <= budget_bytes or share <= SMALLEST_SHARE:
            return tuple(sorted(kept))
        share = min(0.95 * share, share * budget_bytes / size)


def _belongs(series: RawSeries, owners: Mapping[PodRef, str], kept: frozenset[str]) -> bool:
    pod = PodRef(series.labels.get("namespace", ""), series.labels.get("pod", ""))
    return not pod.name or owners.get(pod) in kept

"""Makes of a recording what is known of it where less is scraped, or asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from podforecast.domain.telemetry import TelemetryBlock
from podforecast.telemetry.pace import asked
from podforecast.telemetry.raw_series import RawSeries

SCRAPED_MS = 15_000
"""From one scrape of a recording to the next."""


def thinned(series: Iterable[RawSeries], times: int) -> Iterator[RawSeries]:
    """Keep one scrape of so many; each target keeps its own, as targets are scraped in turn.

    A series that ends does so when its target is next scraped.
    """
    known = list(series)
    began: dict[str, int] = {}
    for each in known:
        target = each.labels.get("instance", "")
        began[target] = min(began.get(target, int(each.time_ms[0])), int(each.time_ms[0]))
    for each in known:
        target = each.labels.get("instance", "")
        turn = np.rint((each.time_ms - began[target]) / SCRAPED_MS).astype(np.int64)
        kept = _kept(each, (turn + zlib.crc32(target.encode())) % times, times)
        if len(kept.values):
            yield kept


def _kept(series: RawSeries, turn: np.ndarray, times: int) -> RawSeries:
    """Samples of turn 0, and where a series ended between two of these, its end at the second."""
    wait = -turn % times
    back = series.time_ms[1:] <= series.time_ms[:-1] + wait[:-1] * SCRAPED_MS + SCRAPED_MS // 2
    ended = np.isnan(series.values) & ~np.append(back, False)
    kept = (turn == 0) | ended
    return replace(
        series,
        time_ms=(series.time_ms + np.where(ended, wait, 0) * SCRAPED_MS)[kept],
        values=series.values[kept],
    )


def as_watched(block: TelemetryBlock, *, later_seconds: float = 0.0) -> TelemetryBlock:
    """Keep what is asked for at the pace of a watcher, had it all happened so much later."""
    times = block.times + later_seconds
    signals = {
        name: np.where(np.isin(times, asked(times, name)), values, np.nan)
        for name, values in block.signals.items()
    }
    return replace(block, signals=signals)

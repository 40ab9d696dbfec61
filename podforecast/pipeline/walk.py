"""One moment of a block after the other, each as if nothing had come after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from podforecast.domain.tables import FeatureTable
from podforecast.domain.telemetry import HISTORY, Array, TelemetryBlock
from podforecast.features.build import build

Progress = Callable[[int, int], None]
"""Called with the moments done and the moments in all."""


def feature_tables(
    block: TelemetryBlock, *, first: int = 0, every: int = 1, progress: Progress | None = None
) -> Iterator[FeatureTable]:
    """Walk through a block and yield the feature table of every moment from ``first`` on.

    Parameters
    ----------
    block
        Telemetry of any length.
    first
        Sample of the first moment; those before it are only looked back on.
    every
        Distance of two moments in samples.
    progress
        Told after each moment.

    Notes
    -----
    Each table is built from a block that was cut off at its moment, exactly as serving would have
    received it: later samples are not there to be looked at.
    """
    ends = range(first + 1, len(block.times) + 1, every)
    for done, n_times in enumerate(ends, start=1):
        yield build(block.until(n_times, history=_history_samples(block.times, n_times)))
        if progress is not None:
            progress(done, len(ends))


def _history_samples(times: Array, n_times: int) -> int:
    """Samples of the hour before a moment, with one to spare for fractions of a second."""
    earliest = times[n_times - 1] - HISTORY.total_seconds()
    return n_times - int(np.searchsorted(times, earliest)) + 1

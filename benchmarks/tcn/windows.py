"""Raw samples as a network takes them: a window of channels for each row of a dataset.

No feature is computed. Gauges are put on one scale, counters become increases from sample to
sample, codes one channel for each value. A sample that nobody scraped is 0 in its channel, and
beside each gauge and counter runs a channel that says where it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.signals import SIGNALS, Signal
from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import STEP, WINDOW, Array, TelemetryBlock
from podforecast.features.build import SIGNALS_READ
from podforecast.model.preprocessing import signed_log

SAMPLES = WINDOW // STEP + 1
"""The window of a forecast: three minutes of 15 s, both ends included."""
CODES = {
    "status_code": tuple(range(7)),
    "last_termination_code": tuple(range(4)),
    "autoscaler_direction": (-1, 0, 1),
}
SHARES = ("1", "0-1", "0/1")
"""Units without a long tail."""
READ: tuple[Signal, ...] = tuple(signal for signal in SIGNALS if signal.name in SIGNALS_READ)

Float32 = NDArray[np.float32]


def channels(block: TelemetryBlock) -> Float32:
    """Return what is known of each pod at each sample, shape (n_pods, n_times, n_channels).

    Channels of numbers come first and are NaN where unknown; then one for each value of each code.
    """
    numbers = [
        number(block.signal(signal.name), signal) for signal in READ if signal.kind != "code"
    ]
    codes = [block.signal(name) == code for name, values in CODES.items() for code in values]
    return np.stack([*numbers, *codes], axis=-1).astype(np.float32)


def number(values: Array, signal: Signal) -> Array:
    """Return a gauge as it is, a counter as its increase from sample to sample, tails pulled in.

    >>> restarts = next(signal for signal in SIGNALS if signal.name == "restarts")
    >>> number(np.array([[2.0, 3.0, 0.0]]), restarts).round(2).tolist()
    [[nan, 0.69, 0.0]]
    """
    if signal.kind == "counter":
        first = np.full((len(values), 1), np.nan)
        values = np.maximum(np.diff(values, axis=1, prepend=first), 0.0)
    return values if signal.unit in SHARES else np.asarray(signed_log(values), dtype=np.float64)


N_NUMBERS = sum(signal.kind != "code" for signal in READ)
N_CHANNELS = 2 * N_NUMBERS + sum(len(values) for values in CODES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Channels of one recording."""

    name: str
    pods: tuple[str, ...]
    """``namespace/name``."""
    times: Array
    values: Float32

    @classmethod
    def of(cls, name: str, block: TelemetryBlock) -> Self:
        """Compute the channels of a whole recording."""
        pods = tuple(str(pod) for pod in block.pods)
        return cls(name=name, pods=pods, times=block.times, values=channels(block))


class Windows:
    """The window that ends at each row of a dataset, cut out when it is asked for.

    Parameters
    ----------
    campaigns
        Every recording that the dataset has rows of.
    samples
        Of a window.

    Raises
    ------
    ValueError
        If a row lies less than a window behind the start of its recording.
    """

    def __init__(
        self, campaigns: Sequence[Campaign], dataset: Dataset, *, samples: int = SAMPLES
    ) -> None:
        self.samples = samples
        self._flat = np.concatenate([one.values.reshape(-1, one.values.shape[-1])
                                     for one in campaigns])  # fmt: skip
        self._end = _ends(campaigns, dataset, samples)
        self._mean = np.zeros(N_NUMBERS, dtype=np.float32)
        self._scale = np.ones(N_NUMBERS, dtype=np.float32)

    def __len__(self) -> int:
        return len(self._end)

    def scaled_on(self, rows: Index) -> Self:
        """Learn mean and deviation of each number from the last samples of some rows."""
        known = self._flat[self._end[rows], :N_NUMBERS].astype(np.float64)
        n_known = np.maximum((~np.isnan(known)).sum(axis=0), 1)
        mean = np.nansum(known, axis=0) / n_known
        deviation = np.sqrt(np.nansum((known - mean) ** 2, axis=0) / n_known)
        self._mean = mean.astype(np.float32)
        self._scale = np.where(deviation > 0, deviation, 1.0).astype(np.float32)
        return self

    def scaled_as(self, other: Windows) -> Self:
        """Take over mean and deviation."""
        self._mean, self._scale = other._mean, other._scale
        return self

    def take(self, rows: Index) -> Float32:
        """Return windows of shape (n_rows, n_channels, n_samples), without NaN."""
        which = self._end[rows][:, None] + np.arange(1 - self.samples, 1)
        raw = self._flat[which]
        numbers = (raw[..., :N_NUMBERS] - self._mean) / self._scale
        known = ~np.isnan(numbers)
        parts = [np.where(known, numbers, 0.0), known, raw[..., N_NUMBERS:]]
        whole: Float32 = np.concatenate(parts, axis=-1, dtype=np.float32)
        return whole.transpose(0, 2, 1)


def _ends(campaigns: Sequence[Campaign], dataset: Dataset, samples: int) -> Index:
    """Where in the flat array the last sample of each row is."""
    ends = np.full(len(dataset), -1, dtype=np.int64)
    offset = 0
    for one in campaigns:
        number_of = {f"{one.name}/{pod}": number for number, pod in enumerate(one.pods)}
        place = np.array([number_of.get(pod, -1) for pod in dataset.pods])
        rows = np.flatnonzero(place[dataset.pod] >= 0)
        column = np.searchsorted(one.times, dataset.time[rows] - 1e-3)
        if len(rows) and column.min() < samples - 1:
            raise ValueError(f"{one.name} has rows less than {samples} samples after its start")
        ends[rows] = offset + place[dataset.pod[rows]] * len(one.times) + column
        offset += one.values.shape[0] * one.values.shape[1]
    if (ends < 0).any():
        raise ValueError(f"{int((ends < 0).sum())} rows are of no campaign that was given")
    return ends

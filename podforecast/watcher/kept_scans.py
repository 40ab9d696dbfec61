"""Scans that are still needed to grade others: those just before them, and those after."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from podforecast.domain.history import ScanRecord
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Index, Mask

_AT = attrgetter("at")
SPARE_NUMBERS = 1000
"""Pods that are gone may keep their numbers until there are so many more than pods."""


@dataclass(frozen=True, slots=True)
class KeptScan:
    """A scan whose pods have numbers that hold across scans."""

    record: ScanRecord
    number: Index
    """Of each pod, (n_pods,)."""
    known: Mask
    """Where there was telemetry enough to score the pod, or to see that it is failing."""

    @property
    def at(self) -> float:
        return self.record.at


class KeptScans:
    """Scans in order of time, oldest first.

    Names are turned into numbers once per scan; everything after that is array arithmetic, at
    any number of pods.
    """

    def __init__(self, records: Iterable[ScanRecord] = ()) -> None:
        self._scans: list[KeptScan] = []
        self._numbers: dict[PodRef, int] = {}
        self._latest: tuple[Sequence[PodRef], Index] = ((), np.zeros(0, dtype=np.int64))
        for record in records:
            self.add(record)

    def __len__(self) -> int:
        return len(self._scans)

    @property
    def width(self) -> int:
        """Numbers are less than this."""
        return len(self._numbers)

    @property
    def latest_at(self) -> float:
        """Unix seconds of the newest scan; -inf without any."""
        return self._scans[-1].at if self._scans else -math.inf

    def add(self, record: ScanRecord) -> None:
        """Keep a scan; one that is not newer than those there are is left out."""
        if record.at <= self.latest_at:
            return
        if self.width > 2 * len(record.pods) + SPARE_NUMBERS:
            self._renumber()
        self._scans.append(self._kept(record))

    def at(self, moment: float) -> KeptScan | None:
        """Return the scan of exactly this moment."""
        place = bisect_left(self._scans, moment, key=_AT)
        found = self._scans[place] if place < len(self._scans) else None
        return found if found is not None and found.at == moment else None

    def before(self, moment: float) -> float:
        """Unix seconds of the last scan before a moment; -inf without one."""
        place = bisect_left(self._scans, moment, key=_AT)
        return self._scans[place - 1].at if place else -math.inf

    def from_on(self, moment: float) -> KeptScan | None:
        """Return the first scan at or after a moment."""
        place = bisect_left(self._scans, moment, key=_AT)
        return self._scans[place] if place < len(self._scans) else None

    def between(self, after: float, until: float) -> Sequence[KeptScan]:
        """Scans in (after, until], oldest first."""
        first = bisect_right(self._scans, after, key=_AT)
        return self._scans[first : bisect_right(self._scans, until, key=_AT)]

    def number_of(self, pod: PodRef) -> int:
        """Return the number of a pod; -1 where no scan that is kept has seen it."""
        return self._numbers.get(pod, -1)

    def forget_before(self, moment: float, *, most: int) -> None:
        """Drop scans older than a moment, and the oldest where more than ``most`` would stay."""
        first = bisect_left(self._scans, moment, key=_AT)
        del self._scans[: max(first, len(self._scans) - most)]

    def clear(self) -> None:
        self._scans.clear()
        self._numbers.clear()
        self._latest = ((), np.zeros(0, dtype=np.int64))

    def _kept(self, record: ScanRecord) -> KeptScan:
        known = np.isfinite(record.probability) | record.failing
        return KeptScan(record, self._numbered(record.pods), known)

    def _numbered(self, pods: Sequence[PodRef]) -> Index:
        # Scans in a row mostly share their pods, the very same tuple.
        if self._latest[0] is not pods:
            numbers = self._numbers
            each = (numbers.setdefault(pod, len(numbers)) for pod in pods)
            self._latest = (pods, np.fromiter(each, dtype=np.int64, count=len(pods)))
        return self._latest[1]

    def _renumber(self) -> None:
        """Give new numbers: names of pods that are gone would pile up."""
        records = [each.record for each in self._scans]
        self.clear()
        self._scans.extend(self._kept(record) for record in records)

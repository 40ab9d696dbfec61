"""One measured number, and how a duration is taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its unit and, where there is one, the target it is held against."""

    figure: str
    value: float
    unit: str
    target: str = ""

    def line(self) -> dict[str, object]:
        """What is printed as JSON, without an empty target."""
        return {key: value for key, value in asdict(self).items() if value != ""}


def paired(*contestants: Callable[[], object], rounds: int) -> list[float]:
    """Median CPU seconds of each contestant; they take turns, so that noise meets all alike."""
    taken: list[list[float]] = [[] for _ in contestants]
    for contestant in contestants:
        contestant()  # the first call pays for caches
    for _ in range(rounds):
        for seconds, contestant in zip(taken, contestants, strict=True):
            start = time.process_time()
            contestant()
            seconds.append(time.process_time() - start)
    return [statistics.median(seconds) for seconds in taken]

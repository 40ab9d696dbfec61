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
    """``<= 2.5`` or ``>= 90``, in the unit of the value."""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none.

        >>> Figure(figure="wall time", value=171.0, unit="s", target="<= 180").met
        True
        """
        if not self.target:
            return None
        sign, bound = self.target.split()
        return self.value <= float(bound) if sign == "<=" else self.value >= float(bound)

    def line(self) -> dict[str, object]:
        """What is printed as JSON, without an empty target."""
        fields = {key: value for key, value in asdict(self).items() if value != ""}
        return fields if self.met is None else {**fields, "met": self.met}


def paired(*contestants: Callable[[], object], rounds: int) -> list[float]:
    """Median CPU seconds of each contestant; they take turns, so that noise meets all alike."""
    return [statistics.median(seconds) for seconds in turns(*contestants, rounds=rounds)]


def turns(*contestants: Callable[[], object], rounds: int) -> list[list[float]]:
    """CPU seconds of each contestant in each round; ratios are taken round by round."""
    taken: list[list[float]] = [[] for _ in contestants]
    for contestant in contestants:
        contestant()  # the first call pays for caches
    for _ in range(rounds):
        for seconds, contestant in zip(taken, contestants, strict=True):
            start = time.process_time()
            contestant()
            seconds.append(time.process_time() - start)
    return taken

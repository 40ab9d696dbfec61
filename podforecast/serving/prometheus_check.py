"""Asks the Prometheus behind the fleet view how it is, seldom: nobody shall load it through us."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, Lock, to_thread

from podforecast.errors import PodforecastError
from podforecast.serving.refusals import NoPrometheus

if TYPE_CHECKING:
    from podforecast.diagnosis.quick import QuickLook

KEPT = timedelta(seconds=10)
"""Within a scrape interval nothing new is to be learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    answer: QuickLook | PodforecastError
    at: float


class PrometheusCheck:
    """One question at a time; whoever comes meanwhile, or soon after, gets the same answer.

    Parameters
    ----------
    look
        Asks; takes seconds at worst. None where no Prometheus is watched.
    clock
        Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        look: Callable[[], QuickLook] | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._clock = clock
        self._lock = Lock()
        self._thread = CapacityLimiter(1)
        self._asked: _Asked | None = None

    async def result(self) -> tuple[QuickLook, float]:
        """Return what was found, and its age in seconds.

        Raises
        ------
        NoPrometheus
            If none is watched.
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            What the server answered, or did not.
        """
        if self._look is None:
            raise NoPrometheus(
                "no Prometheus is watched",
                hint="Set PODFORECAST_SOURCE=prometheus and PODFORECAST_PROMETHEUS__URL.",
            )
        async with self._lock:
            if self._asked is None or self._age(self._asked) > KEPT.total_seconds():
                answer = await to_thread.run_sync(_tried, self._look, limiter=self._thread)
                self._asked = _Asked(answer=answer, at=self._clock())
            asked = self._asked
        if isinstance(asked.answer, PodforecastError):
            raise asked.answer
        return asked.answer, self._age(asked)

    def _age(self, asked: _Asked) -> float:
        return self._clock() - asked.at


def _tried(look: Callable[[], QuickLook]) -> QuickLook | PodforecastError:
    try:
        return look()
    except PodforecastError as error:
        return error

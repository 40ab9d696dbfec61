"""Answers orders of simulated clusters, one at a time and beside the event loop."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
from anyio import to_thread

from podforecast.model.scorer import Scorer
from podforecast.serving.simulation.clusters import clusters
from podforecast.serving.simulation.room import SimulationRoom
from podforecast.watcher.explained import watch_threshold

MAX_SEED = 2**32 - 1
DRAWN_BELOW = 1_000_000
"""Short enough to be read out."""
JSON = orjson.OPT_UTC_Z
"""NaN becomes null."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _draw() -> int:
    return secrets.randbelow(DRAWN_BELOW)


class Simulator:
    """Simulates on demand.

    Parameters
    ----------
    now
        Time of the newest sample; the only thing about a seed's clusters that changes.
    draw
        A seed for whoever sends none.
    """

    def __init__(
        self, *, now: Callable[[], datetime] = _utc_now, draw: Callable[[], int] = _draw
    ) -> None:
        self._now, self._draw = now, draw
        self._room = SimulationRoom()

    async def answer(self, count: int, *, seed: int | None, model: Scorer) -> bytes:
        """Return the clusters, as in :class:`~podforecast.api_schema.simulate.SimulationOut`.

        Raises
        ------
        Busy
            If too many orders are waiting.
        """
        chosen = self._draw() if seed is None else seed
        at = self._now().replace(microsecond=0)
        with self._room.admitted():
            return await to_thread.run_sync(
                lambda: written(count, seed=chosen, model=model, at=at), limiter=self._room.thread
            )


def written(count: int, *, seed: int, model: Scorer, at: datetime) -> bytes:
    """Simulate, forecast, and write the answer; see :meth:`Simulator.answer`."""
    answer = {
        "simulated": True,
        "seed": seed,
        "count": count,
        "model_version": model.manifest.model_version,
        "threshold": model.threshold,
        "watch_threshold": watch_threshold(model.threshold),
        "horizon_minutes": model.manifest.horizon_minutes,
        "clusters": list(clusters(count, seed=seed, model=model, at=at)),
    }
    return orjson.dumps(answer, option=JSON)

"""A simulated fleet as a block of telemetry, as any source delivers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from podforecast.domain.issues import IssueType
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import STEP, Array, TelemetryBlock, time_grid
from podforecast.telemetry.simulator.dynamics import Dynamics
from podforecast.telemetry.simulator.plan import REPLICAS, TROUBLES, plan

MOST_CLUSTERS = 1000
HISTORY = timedelta(minutes=30)
"""As much as trends of ten minutes and the pod's own past need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedFleet:
    """Telemetry, and the truth behind it. Arrays have one entry per pod of the block."""

    block: TelemetryBlock
    cluster: Index
    """Number of the pod's cluster, from 0."""
    issues: tuple[IssueType, ...]
    """What goes wrong with each pod, sooner or later."""
    began_at: Array
    """Unix seconds at which it began; NaN without one."""
    failed_at: Array
    """Unix seconds of the first failure; NaN where none came within the block."""
    nodes: SimulatedNodes


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedNodes:
    """The nodes at the last sample. Arrays have one entry per node."""

    cluster: Index
    """Number of the node's cluster, as that of pods."""
    cpu: Array
    """Busy share, in [0, 1]."""
    memory: Array
    """Used share, in [0, 1]."""


def simulate(
    *, clusters: int | range, end: datetime, seed: int, pods_per_cluster: int = 2 * REPLICAS,
    history: timedelta = HISTORY, troubled: float = 0.3
) -> SimulatedFleet:  # fmt: skip
    """Simulate clusters up to a moment.

    Parameters
    ----------
    clusters
        How many, 1 to ``MOST_CLUSTERS``; or the numbers in their names, for a fleet that is made
        part by part. No two parts are alike.
    end
        Last sample.
    seed
        The same seed gives the same fleet.
    pods_per_cluster
        Three are a workload.
    history
        How much telemetry there is.
    troubled
        Share of the clusters in which one pod gets into trouble, in [0, 1].

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from datetime import UTC
    >>> fleet = simulate(clusters=2, end=datetime(2026, 1, 1, tzinfo=UTC), seed=1, troubled=1.0)
    >>> len(fleet.block.pods), len(fleet.block.times), sum(i != "none" for i in fleet.issues)
    (12, 121, 2)
    """
    numbers = clusters if isinstance(clusters, range) else range(clusters)
    if not 1 <= len(numbers) <= MOST_CLUSTERS:
        raise ValueError(f"clusters must be 1 to {MOST_CLUSTERS}, got {clusters}")
    if pods_per_cluster < 1 or not 0.0 <= troubled <= 1.0:
        raise ValueError(f"can not simulate {pods_per_cluster} pods with troubled={troubled}")
    rng = np.random.default_rng([seed, numbers.start])
    times = time_grid(end - history, end, STEP)
    minutes = history / timedelta(minutes=1)
    drawn = plan(numbers, pods_per_cluster=pods_per_cluster, minutes=minutes,
                 troubled=troubled, rng=rng)  # fmt: skip
    dynamics = Dynamics(drawn, rng=rng)
    samples = list(dynamics.steps(len(times)))
    signals = {name: np.stack([each[name] for each in samples], axis=1) for name in samples[0]}
    shape = (len(drawn.pods), len(times))
    steady = {"replicas_desired": np.array(float(min(REPLICAS, pods_per_cluster))),
              "autoscaler_direction": np.array(0.0), "revision_age_hours": np.array(48.0),
              "disk_usage_ratio": drawn.disk[:, None],
              "memory_limit_bytes": drawn.limit_bytes[:, None]}  # fmt: skip
    signals |= {name: np.broadcast_to(value, shape) for name, value in steady.items()}
    began = np.where(drawn.begins <= minutes, drawn.begins, np.nan)
    return SimulatedFleet(
        block=TelemetryBlock(
            pods=drawn.pods, workloads=drawn.workloads, times=times, signals=signals
        ),
        cluster=drawn.cluster,
        issues=tuple(TROUBLES[number] for number in drawn.trouble),
        began_at=times[0] + 60.0 * began,
        failed_at=times[0] + 60.0 * dynamics.failed_at,
        nodes=SimulatedNodes(
            cluster=drawn.nodes.cluster, cpu=dynamics.nodes.cpu, memory=dynamics.nodes.memory
        ),
    )


class SimulatorSource:
    """A ``TelemetrySource`` of one simulated fleet."""

    def __init__(self, fleet: SimulatedFleet) -> None:
        self._block = fleet.block

    def read(self, signals: Sequence[str], *, start: datetime, end: datetime) -> TelemetryBlock:
        """Return what was simulated between; unknown outside.

        Raises
        ------
        ValueError
            If ``end`` is before ``start``.
        """
        if end < start:
            raise ValueError(f"the end {end} is before the start {start}")
        times = time_grid(start, end, STEP)
        place = np.rint((times - self._block.times[0]) / STEP.total_seconds()).astype(np.int64)
        inside = (place >= 0) & (place < len(self._block.times))
        found = {}
        for name in set(signals) & set(self._block.signals):
            values = np.full((len(self._block.pods), len(times)), np.nan)
            values[:, inside] = self._block.signals[name][:, place[inside]]
            found[name] = values
        return TelemetryBlock(
            pods=self._block.pods, workloads=self._block.workloads, times=times, signals=found
        )

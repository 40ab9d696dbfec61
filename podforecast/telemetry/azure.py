"""Azure's public VM traces (``vm_cpu_readings`` and ``vmtable``), as telemetry of pods.

A machine stands for a pod, its deployment for a workload, its subscription for a namespace. The
traces know CPU, ages and how many machines a deployment has; everything else stays unknown. Nor do
they know failures: a machine that is deleted was mostly not needed any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array, TelemetryBlock
from podforecast.errors import DataUnusable

READINGS = ("timestamp", "vmid", "mincpu", "maxcpu", "avgcpu")
"""Columns of ``vm_cpu_readings-file-*.csv``, which has no header. Seconds since the trace began,
and percent, of five minutes each."""
MACHINES = ("vmid", "subscriptionid", "deploymentid", "vmcreated", "vmdeleted", "maxcpu", "avgcpu",
            "p95maxcpu", "vmcategory", "vmcorecountbucket", "vmmemorybucket")  # fmt: skip
"""Columns of ``vmtable.csv``, likewise. Only the first five are read."""
IDENTITY = MACHINES[:5]
ROWS_AT_ONCE = 500_000
UNLISTED = "unlisted"
"""Subscription of a machine that the table does not have."""
WAY_OUT = (
    "Give files of the Azure Public Dataset as they come, .csv or .csv.gz, without a header line."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VmTrace:
    """Telemetry of machines, and what the traces tell beyond."""

    block: TelemetryBlock
    peak: Array
    """Largest CPU use within each reading as a share, (n_machines, n_times), NaN = no reading."""
    unlisted: int
    """Machines that the table does not have: their ages and deployments are unknown."""


def read_vm_trace(readings: Sequence[Path], vmtable: Path, *, most: int) -> VmTrace:
    """Read the first machines that appear in some files of readings.

    Parameters
    ----------
    readings
        Each file holds all machines for some hours; give consecutive ones.
    vmtable
        What is known of the machines; millions of rows, read bit by bit, twice.
    most
        How many machines; memory and time grow with them.

    Raises
    ------
    DataUnusable
        If a file can not be read, or is not of the layout.
    """
    rows = _readings_of_some(readings, most)
    pod, names = pd.factorize(rows["vmid"])
    time, times = pd.factorize(rows["timestamp"], sort=True)
    shape = (len(names), len(times))
    usage, peak = np.full(shape, np.nan), np.full(shape, np.nan)
    usage[pod, time], peak[pod, time] = rows["avgcpu"] / 100.0, rows["maxcpu"] / 100.0
    return _described(names.tolist(), np.asarray(times, np.float64), usage, peak, vmtable)


def _described(names: list[str], times: Array, usage: Array, peak: Array, vmtable: Path) -> VmTrace:
    known = _machines(vmtable, "vmid", set(names)).set_index("vmid")
    known = known[~known.index.duplicated()].reindex(names)
    fleet = _machines(vmtable, "deploymentid", set(known["deploymentid"].dropna()))
    created = known["vmcreated"].to_numpy(np.float64)
    listed = known["deploymentid"].notna().to_numpy()
    namespace = known["subscriptionid"].fillna(UNLISTED)
    owner = known["deploymentid"].fillna(pd.Series(names, index=known.index))
    sizes, births = _deployments(fleet, owner.tolist(), times)
    return VmTrace(
        block=TelemetryBlock(
            pods=tuple(PodRef(space, name) for space, name in zip(namespace, names, strict=True)),
            workloads=tuple(f"{s}/{o}" for s, o in zip(namespace, owner, strict=True)),
            times=times,
            signals={
                "cpu_usage_ratio": usage,
                "replicas_desired": np.where(listed[:, None], sizes, np.nan),
                "container_age_minutes": _since(created, times) / 60.0,
                "revision_age_hours": _since(births, times) / 3600.0,
            },
        ),
        peak=peak,
        unlisted=int((~listed).sum()),
    )


def _since(begun: Array, times: Array) -> Array:
    """Seconds since each beginning, unknown where it was before the trace (0) or is not known."""
    return times - np.where(begun > 0.0, begun, np.nan)[:, None]


def _deployments(fleet: pd.DataFrame, owner: list[str], times: Array) -> tuple[Array, Array]:
    """Machines of each owner at each time, and when its first one was created."""
    sizes, births = {}, {}
    for name, machines in fleet.groupby("deploymentid", sort=False):
        created = np.sort(machines["vmcreated"].to_numpy(np.float64))
        deleted = np.sort(machines["vmdeleted"].to_numpy(np.float64))
        begun: Index = np.searchsorted(created, times, side="right")
        sizes[name] = (begun - np.searchsorted(deleted, times, side="right")).astype(np.float64)
        births[name] = created[0]
    nothing = np.full(len(times), np.nan)
    return (
        np.array([sizes.get(name, nothing) for name in owner]).reshape(len(owner), len(times)),
        np.array([births.get(name, np.nan) for name in owner]),
    )


def _readings_of_some(paths: Sequence[Path], most: int) -> pd.DataFrame:
    chosen: dict[str, None] = {}
    parts = []
    for path in paths:
        for part in _parts(path, READINGS, READINGS):
            for name in part["vmid"].unique():
                if len(chosen) >= most:
                    break
                chosen.setdefault(name)
            parts.append(part[part["vmid"].isin(chosen)])
    rows = pd.concat(parts, ignore_index=True)
    _require_percentages(rows, paths)
    return rows.drop_duplicates(["timestamp", "vmid"], keep="last")


def _require_percentages(rows: pd.DataFrame, paths: Sequence[Path]) -> None:
    for column in ("avgcpu", "maxcpu"):
        wrong = ~rows[column].between(0.0, 100.0)
        if wrong.any():
            raise DataUnusable(
                f"{column} is {rows[column][wrong].iloc[0]:g} in {paths[0].name} or a file after"
                " it, which is no percentage",
                hint=WAY_OUT,
            )


def _machines(path: Path, column: str, wanted: set[str]) -> pd.DataFrame:
    parts = [part[part[column].isin(wanted)] for part in _parts(path, MACHINES, IDENTITY)]
    return pd.concat(parts, ignore_index=True)


def _parts(path: Path, columns: Sequence[str], read: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Read some columns of a file without a header, bit by bit."""
    try:
        _require_layout(path, columns)
        yield from pd.read_csv(
            path, header=None, names=list(columns), usecols=list(read), chunksize=ROWS_AT_ONCE,
            dtype={name: "string" if name.endswith("id") else "float64" for name in read},
        )  # fmt: skip
    except (OSError, ValueError, EOFError) as error:
        raise DataUnusable(
            f"{path} can not be read as {', '.join(columns)}: {error}", hint=WAY_OUT
        ) from error


def _require_layout(path: Path, columns: Sequence[str]) -> None:
    first = pd.read_csv(path, header=None, nrows=1, dtype="string")
    if first.shape[1] != len(columns):
        raise ValueError(f"it has {first.shape[1]} columns instead of {len(columns)}")

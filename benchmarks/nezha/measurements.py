"""Nezha's Online Boutique: one row per pod and minute, and where a fault had just begun.

The data set (IntelligentDDS, MIT licence) is not part of this project. Expected is a folder with
``pods.parquet``, ``edges.parquet``, ``frontend.parquet`` and ``faults.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from podforecast.errors import DataUnusable

FILES = ("pods.parquet", "edges.parquet", "frontend.parquet", "faults.csv")
ONSET = pd.Timedelta(minutes=3)
"""A minute is positive if a fault of its pod began so recently."""
LASTS = pd.Timedelta(minutes=5)
"""Faults last three to four minutes, rates look back on one more: until then a row that is no
onset any more is no healthy one either."""
ISSUES = {
    "cpu_contention": "resource_exhaustion",
    "cpu_consumed": "resource_exhaustion",
    "network_delay": "network_issue",
    "return": "service_disruption",
    "exception": "service_disruption",
}
"""Kind of fault to issue type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """All minutes of all pods, and what is asked about some of them. Rows are aligned."""

    pods: pd.DataFrame
    """With columns day, minute, service, pod, the measurements, ordered by pod and minute."""
    edges: pd.DataFrame
    """With columns day, minute, src, dst, source_p50_s, destination_p50_s."""
    frontend: pd.DataFrame
    asked: NDArray[np.bool_]
    """Rows while faults were being injected that are healthy or an onset, (n_rows,)."""
    tail: NDArray[np.bool_]
    """Rows of a fault that is no onset any more, (n_rows,); in none of ``asked``."""
    issue: NDArray[np.object_]
    """Issue type at an onset, empty elsewhere, (n_rows,)."""
    fault: NDArray[np.int64]
    """Number of the fault at an onset, -1 elsewhere, (n_rows,)."""


def read(folder: Path) -> Measurements:
    """Read the folder.

    Raises
    ------
    DataUnusable
        If a file is missing.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise DataUnusable(
            f"{folder} has no {', '.join(missing)}",
            hint="Give the folder of Nezha's Online Boutique part, tidied to one row per pod and"
            " minute.",
        )
    pods = pd.read_parquet(folder / "pods.parquet")
    # Edges carry the whole minute of the sample that they were taken with.
    pods["minute"] = pods["timestamp"].dt.floor("min")
    pods = pods.drop_duplicates(["pod", "minute"]).sort_values(["pod", "minute"], ignore_index=True)
    frontend = pd.read_parquet(folder / "frontend.parquet")
    frontend["minute"] = frontend["timestamp"].dt.floor("min")
    faults = pd.read_csv(folder / "faults.csv", parse_dates=["start"])
    fault, tail = _of_faults(pods, faults)
    names = faults["fault_type"].map(ISSUES).to_numpy(dtype=object)
    return Measurements(
        pods=pods,
        edges=pd.read_parquet(folder / "edges.parquet"),
        frontend=frontend.drop_duplicates("minute"),
        asked=_injection_hours(pods, faults) & ~tail,
        tail=tail,
        issue=np.where(fault >= 0, names[fault], ""),
        fault=fault,
    )


def _of_faults(
    pods: pd.DataFrame, faults: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number of the fault at each onset, -1 elsewhere; and the rows just after onsets."""
    fault = np.full(len(pods), -1)
    tail = np.zeros(len(pods), dtype=np.bool_)
    for number, row in enumerate(faults.itertuples()):
        since = pods["timestamp"] - row.start
        own = (pods["pod"] == row.pod) & (since > pd.Timedelta(0))
        fault[(own & (since <= ONSET)).to_numpy()] = number
        tail |= (own & (since > ONSET) & (since <= LASTS)).to_numpy()
    return fault, tail


def _injection_hours(pods: pd.DataFrame, faults: pd.DataFrame) -> NDArray[np.bool_]:
    """From the first sample of a day until its last fault is over: nights would flatter."""
    last = faults.groupby("day")["start"].max() + LASTS
    during: NDArray[np.bool_] = (pods["timestamp"] <= pods["day"].map(last)).to_numpy()
    return during

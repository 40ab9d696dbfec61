"""``python scripts/convert_azure_traces.py``: Azure's public VM traces as a table of features.

Features are computed as for pods, from the few signals that the traces have. By default no row has
a label, since the traces record no failures; ``--target saturation`` labels something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from podforecast.cli.console import err, guarded, one_command, progress
from podforecast.cli.feature_frame import frame_of, writer_of
from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.telemetry import HORIZON, Array
from podforecast.errors import DataUnusable
from podforecast.pipeline.walk import feature_tables
from podforecast.telemetry.azure import VmTrace, read_vm_trace

SATURATED = 0.95
"""Share of a machine's CPU from which on others wait for it."""
NO_LABEL = (
    "No row has a label: the traces record no failures, and a machine that was deleted did not"
    " fail. Join a column `failure` of your own, or see --target."
)


class Target(StrEnum):
    """What is labelled."""

    NONE = "none"
    SATURATION = "saturation"


command = one_command()


@command.command()
def convert(
    readings: Annotated[
        list[Path], typer.Option(help="vm_cpu_readings-file-*.csv.gz; may be repeated.")
    ],
    vmtable: Annotated[Path, typer.Option(help="vmtable.csv.gz.")],
    output: Annotated[Path, typer.Option(help="Table to write, .parquet or .csv.")] = Path(
        "azure.parquet"
    ),
    vms: Annotated[int, typer.Option(min=1, max=20_000, help="Machines, the first ones.")] = 1000,
    target: Annotated[
        Target,
        typer.Option(help="saturation: CPU passes 95 % within 5 minutes. That is no failure."),
    ] = Target.NONE,
) -> None:
    """Write what Azure's public VM traces know as a table that `train_model.py --data` reads.

    docs/data-from-elsewhere.md says what becomes of which column, and what stays unknown.
    """
    write = writer_of(output)
    trace = read_vm_trace(readings, vmtable, most=vms)
    table = table_of(trace, target=target)
    write(table, output)
    known = int(table[list(FEATURE_NAMES)].notna().any().sum())
    typer.echo(f"{len(table)} rows of {table['pod_id'].nunique()} machines, {known} of"
               f" {len(FEATURE_NAMES)} features known: {output}")  # fmt: skip
    if trace.unlisted:
        err.print(f"Not in {vmtable.name}: {trace.unlisted} of them", highlight=False)
    if target is Target.NONE:
        err.print(NO_LABEL, highlight=False)


def table_of(trace: VmTrace, *, target: Target = Target.NONE) -> pd.DataFrame:
    """One row per machine and reading, with its label where one is asked for.

    Raises
    ------
    DataUnusable
        If there is no reading.
    """
    parts = [part for part in _moments(trace, target) if len(part)]
    if not parts:
        raise DataUnusable("no machine has a reading", hint="Give files that have rows.")
    return pd.concat(parts, ignore_index=True)


def saturation_onsets(peak: Array, times: Array) -> Array:
    """Return 1 where a machine's CPU is first full in the next reading, 0 where it is not.

    NaN where it is full already, and where there is no reading within the horizon.

    Parameters
    ----------
    peak
        As in :class:`~podforecast.telemetry.azure.VmTrace`.
    times
        Seconds, (n_times,).

    Examples
    --------
    >>> saturation_onsets(np.array([[0.2, 0.5, 0.99, 1.0, 0.4]]), 300.0 * np.arange(5))
    array([[ 0.,  1., nan, nan, nan]])
    """
    labels = np.full(peak.shape, np.nan)
    now, following = peak[:, :-1], peak[:, 1:]
    soon = np.diff(times) <= HORIZON.total_seconds()
    judged = (now < SATURATED) & np.isfinite(following) & soon
    labels[:, :-1] = np.where(judged, following >= SATURATED, np.nan)
    return labels


def _moments(trace: VmTrace, target: Target) -> Iterator[pd.DataFrame]:
    block = trace.block
    labels = saturation_onsets(trace.peak, block.times) if target is Target.SATURATION else None
    with progress() as bar:
        for column, moment in enumerate(bar.track(feature_tables(block), total=len(block.times))):
            rows = np.flatnonzero(np.isfinite(trace.peak[:, column]))
            frame = frame_of(moment, rows, timestamp=moment.at)
            if labels is not None:
                frame["target"] = labels[rows, column]
            yield frame


def main() -> int:
    """Run the command; an error of ours is two lines."""
    return guarded(command)

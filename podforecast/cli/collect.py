"""``python scripts/collect_metrics.py``: a labelled table from a Prometheus, ready to train on.

Rows are features as serving would compute them at each moment; ``failure`` is 1 where a failure of
the pod began within the horizon, and empty where the horizon is not over yet.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import httpx
import numpy as np
import pandas as pd
import typer

from podforecast.cli.connection import connection_of, source_on
from podforecast.cli.console import err, guarded, one_command, progress
from podforecast.cli.feature_frame import frame_of, writer_of
from podforecast.domain.tables import FeatureTable
from podforecast.domain.telemetry import HISTORY, TelemetryBlock, TelemetrySource, aligned
from podforecast.errors import DataUnusable, TelemetryUnavailable
from podforecast.features.build import SIGNALS_READ
from podforecast.model.labels import announced_failures, onset_labels, scorable, uncensored
from podforecast.pipeline.walk import feature_tables
from podforecast.settings import read_settings
from podforecast.telemetry.failures import failures_of
from podforecast.telemetry.prometheus.client import connect

SCENARIOS = ("memory_leak", "cpu_spike", "high_latency", "error_rate", "service_down")
SCENARIO_SECONDS = 60.0
command = one_command()


@command.command()
def collect(
    prom_host: Annotated[
        str | None, typer.Option(help="Prometheus; by default PODFORECAST_PROMETHEUS__URL.")
    ] = None,
    duration: Annotated[float, typer.Option(min=15, help="Seconds to collect.")] = 3600.0,
    output: Annotated[Path, typer.Option(help="Table to write, .parquet or .csv.")] = Path(
        "metrics.parquet"
    ),
    drive: Annotated[
        list[str] | None,
        typer.Option(help="Address of a demo app to break meanwhile; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of which failure is switched on when.")] = 1,
) -> None:
    """Write what a Prometheus knows about the last DURATION seconds as a labelled table.

    With --drive, waits DURATION seconds instead, switches failures of the demo apps on and off
    meanwhile, and collects that time. Labels need five minutes after a row to be known.
    """
    write = writer_of(output)
    start = datetime.now(UTC) - timedelta(seconds=0.0 if drive else duration)
    if drive:
        _break(drive, duration, random.Random(seed))  # noqa: S311 - reproducible, not secret
    settings = read_settings()
    with connect(connection_of(settings, prom_host)) as client:
        source = source_on(client, settings.prometheus)
        table = table_of(source, start=start, end=datetime.now(UTC))
    write(table, output)
    failing = int((table["failure"] == 1).sum())
    typer.echo(f"{len(table)} rows of {table['pod_id'].nunique()} pods, {failing} before a failure,"
               f" {int(table['failure'].isna().sum())} not known yet: {output}")  # fmt: skip


def table_of(source: TelemetrySource, *, start: datetime, end: datetime) -> pd.DataFrame:
    """One row per pod and moment that may be scored, with its label.

    Raises
    ------
    DataUnusable
        If no pod was seen for long enough.
    """
    first, last = aligned(start), aligned(end)
    block = source.read(SIGNALS_READ, start=first - HISTORY, end=last)
    labels = _labels(block, last)
    begin = int(np.searchsorted(block.times, first.timestamp()))
    parts = [
        _rows(moment, column, labels)
        for column, moment in enumerate(feature_tables(block, first=begin), start=begin)
    ]
    if not any(len(part) for part in parts):
        raise DataUnusable(
            f"no pod could be scored between {first:%H:%M:%S} and {last:%H:%M:%S} UTC",
            hint="Does this Prometheus scrape cAdvisor and kube-state-metrics? Collect for longer.",
        )
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _labels(block: TelemetryBlock, end: datetime) -> np.ndarray:
    announced = announced_failures(block.times, block.pods, failures_of(block))
    labels = onset_labels(announced).astype(np.float64)
    labels[:, ~uncensored(block.times, end.timestamp())] = np.nan
    return labels


def _rows(moment: FeatureTable, column: int, labels: np.ndarray) -> pd.DataFrame:
    rows = np.flatnonzero(scorable(moment))
    frame = frame_of(moment, rows, timestamp=datetime.fromtimestamp(moment.at, UTC).isoformat())
    frame["failure"] = labels[rows, column]
    return frame


def _break(apps: Sequence[str], seconds: float, rng: random.Random) -> None:
    """Switch one failure on at a time, each for a minute, until the time is over."""
    deadline = time.monotonic() + seconds
    with progress() as bar, httpx.Client(timeout=5.0) as client:
        task = bar.add_task("Driving", total=seconds)
        while (left := deadline - time.monotonic()) > 0:
            app, toggle = rng.choice(list(apps)), rng.choice(SCENARIOS)
            err.print(f"{toggle} at {app}", highlight=False)
            _post(client, app, {toggle: True})
            time.sleep(min(SCENARIO_SECONDS, left))
            _post(client, app, {toggle: False})
            bar.update(task, completed=seconds - max(0.0, deadline - time.monotonic()))


def _post(client: httpx.Client, app: str, toggles: dict[str, bool]) -> None:
    try:
        client.post(app.rstrip("/") + "/failures", json=toggles).raise_for_status()
    except httpx.TimeoutException:
        err.print(f"{app} does not answer now, which may be what was asked for", highlight=False)
    except httpx.HTTPError as exc:
        raise TelemetryUnavailable(
            f"{app}/failures can not be posted to: {exc}", hint="Is it the demo app of lab/app?"
        ) from exc


def main() -> int:
    """Run the command; an error of ours is two lines."""
    return guarded(command)

"""``python -m benchmarks.scraping [CAMPAIGN ...]``: what longer scrape intervals cost forecasts.

Raw series of a recorded campaign are thinned, written into a real Prometheus and read back as the
service reads a cluster, over the rate window that fits the interval. Forecast is by the model of
this repository, failures are those of the record. One JSON line per interval. A campaign of role
train has been learned from: of it, only the differences mean anything.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
from rich.console import Console

from benchmarks.kinds import MODELS, ROOT
from benchmarks.models.campaigns import ROUNDS, SEED, rounded
from podforecast.domain.tables import Dataset, Index
from podforecast.errors import PodforecastError
from podforecast.evaluation import ranking
from podforecast.evaluation.draws import PodDraws, Sampled
from podforecast.features.build import SIGNALS_READ
from podforecast.model.scorer import Scorer, load
from podforecast.pipeline.examples import build_dataset
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.queries import rate_window_of
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.telemetry.raw_series import read_series
from podforecast.telemetry.recording import Recording
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import labelled, moved, write
from tests.telemetry.thinning import SCRAPED_MS, thinned

CAMPAIGNS = ("ridge", "quarry")
INTERVALS = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60))
ROWS_EVERY = timedelta(minutes=1)
"""Neighbouring scans are nearly copies; one in four tells the same in a quarter of the time."""
PATIENCE = timedelta(minutes=15)
"""With an answer about 90 minutes of all pods, on a machine that is busy with other things."""

Line = Mapping[str, object]


def main(arguments: Sequence[str]) -> int:
    """Print the figures of each campaign; 1 where there is no such campaign, or no model."""
    console = Console(stderr=True)
    folders = arguments or [str(ROOT / "data" / name) for name in CAMPAIGNS]
    try:
        model, recordings = load(MODELS), [Recording.open(Path(folder)) for folder in folders]
        for folder, recording in zip(folders, recordings, strict=True):
            for line in figures(Path(folder), recording, model):
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
    except PodforecastError as error:
        console.print(
            f"[bold red]error:[/] {error.message}\n[bold]hint:[/] {error.hint}", soft_wrap=True
        )
        return 1
    return 0


def figures(folder: Path, recording: Recording, model: Scorer) -> Iterator[Line]:
    """Read a campaign at every interval, and hold each against the shortest."""
    with (
        tempfile.TemporaryDirectory() as place,
        running(Path(place)) as url,
        connect(Connection(url=url, timeout=PATIENCE)) as client,
    ):
        seen = [seldom_scraped(folder, recording, client, interval) for interval in INTERVALS]
    usual = seen[0]
    for interval, dataset in zip(INTERVALS, seen, strict=True):
        rows, same = in_both(usual, dataset)
        yield {
            "campaign": folder.name,
            "scrape_seconds": interval.total_seconds(),
            "rows": len(dataset),
            "of_rows_at_15_s": round(len(rows) / len(usual), 4),
            **ranked(usual, rows, model.score(usual.x[rows]), model.score(dataset.x[same])),
        }


def seldom_scraped(
    folder: Path, recording: Recording, client: httpx.Client, interval: timedelta
) -> Dataset:
    """Return the rows of a campaign as they would be if it had been scraped so often."""
    # Kept on the grid of the recording: whole steps, an hour before now.
    step = recording.step.total_seconds()
    recent = datetime.now(UTC) - timedelta(hours=1)
    later = step * ((recent - recording.end).total_seconds() // step)
    case = f"{folder.name}-{interval.total_seconds():.0f}"
    series = thinned(
        read_series(folder / "series.parquet"), round(1000 * interval.total_seconds()) // SCRAPED_MS
    )
    write(client, labelled(moved(series, later), case=case))
    source = PrometheusSource(
        client, rate_window=rate_window_of(interval), extra_selector=f'case="{case}"'
    )
    moment = timedelta(seconds=later)
    block = source.read(SIGNALS_READ, start=recording.start + moment, end=recording.end + moment)
    there = replace(recording, block=replace(block, times=recording.block.times))
    return build_dataset(there, step=ROWS_EVERY)


def in_both(first: Dataset, second: Dataset) -> tuple[Index, Index]:
    """Places of the rows of the same pod and moment, in each."""
    names = [
        [(data.pods[pod], time) for pod, time in zip(data.pod, data.time, strict=True)]
        for data in (first, second)
    ]
    place = {name: row for row, name in enumerate(names[1])}
    rows = [row for row, name in enumerate(names[0]) if name in place]
    return np.array(rows), np.array([place[names[0][row]] for row in rows])


def ranked(usual: Dataset, rows: Index, often: np.ndarray, seldom: np.ndarray) -> Line:
    """ROC-AUC and average precision of the same rows, and what they are less than at 15 s."""
    draws = PodDraws(usual, rounds=ROUNDS, rng=np.random.default_rng(SEED))
    dense, thin = (ranking.ranked(draws, usual.y[rows], score, rows) for score in (often, seldom))
    found: dict[str, Sampled] = {}
    for name, before, after in zip(("roc_auc", "average_precision"), dense, thin, strict=True):
        found |= {name: after, f"{name}_less_that_at_15_s": after - before}
    return {name: rounded(sampled.interval()) for name, sampled in found.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

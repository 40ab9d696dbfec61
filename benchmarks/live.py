"""A tick of the live source on a real Prometheus that holds an hour of two thousand pods."""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from benchmarks.kinds import MODELS, ROOT
from podforecast.domain.telemetry import HISTORY, STEP, WINDOW
from podforecast.features.build import SIGNALS_READ, build
from podforecast.model.scorer import Scorer, load
from podforecast.telemetry.pace import EVERY
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.raw_series import RawSeries, read_series
from podforecast.telemetry.ring import STEP_SECONDS
from podforecast.watcher.live import LivePlan, LiveSource
from podforecast.watcher.scan import only, present, scan
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import moved, write

CAMPAIGN = ROOT / "data" / "summit"
PODS, ROUNDS = 2_000, 2 * EVERY
AHEAD = timedelta(minutes=8)
"""The series end so long after now, for the time that writing and measuring takes; Prometheus
takes nothing that is more than ten minutes ahead."""
KEPT = timedelta(minutes=70)
LONG_AGO = (timedelta(days=1), timedelta(days=7))
"""What queries compare restarts with."""
LOOK_BACK_SECONDS = 300.0
"""So long ago may the sample be that Prometheus takes for the present one."""
MOST_TICKS = 24
SETTLING_SECONDS = 1.0
"""After a moment of the grid."""


def live_ticks(n_pods: int = PODS, *, rounds: int = ROUNDS) -> Iterator[Figure]:
    """Wall time of a tick once the hour before it is known, and where it goes."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "prometheus") as url:
        count = written(url, n_pods)
        sys.stderr.write(f"{count} series written\n")
        source = LiveSource(LivePlan(connection=Connection(url=url)))
        source.open()
        try:
            taken = [dict(each) for each in _ticks(source, load(MODELS), rounds)]
        finally:
            source.close()
    pods = round(taken[-1].pop("pods"))
    for name in taken[-1]:
        yield Figure(
            figure=f"{pods} pods of a real Prometheus: {name}",
            value=round(statistics.median(each[name] for each in taken), 2),
            unit="s CPU" if name.startswith("CPU") else "s",
            target="<= 2" if name == "a tick" else "",
        )
    # Slow signals take turns, and one of the turns is the longest.
    yield Figure(
        figure=f"{pods} pods of a real Prometheus: the longest tick",
        value=round(max(each["a tick"] for each in taken), 2),
        unit="s",
    )


def _ticks(source: LiveSource, model: Scorer, rounds: int) -> Iterator[Mapping[str, float]]:
    """Tick until the past is known, then for so many rounds; yield those."""
    left = rounds
    for _ in range(MOST_TICKS):
        time.sleep(SETTLING_SECONDS + -time.time() % STEP.total_seconds())
        tick = _tick(source, model)
        if "still to be read" in source.tell(source.now()):
            continue
        yield tick
        left -= 1
        if not left:
            return
    raise RuntimeError(f"the hour before is not known after {MOST_TICKS} ticks")


def _tick(source: LiveSource, model: Scorer) -> Mapping[str, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    now = source.now()
    block = source.read(SIGNALS_READ, start=now - HISTORY, end=now)
    read, read_cpu = time.perf_counter(), time.process_time()
    table = only(build(block), present(block))
    built = time.perf_counter()
    scan(table, model)
    source.failures_until(now)
    ended = time.perf_counter()
    return {
        "a tick": ended - begun,
        "asking and reading": read - begun,
        "features": built - read,
        "scores and failures": ended - built,
        "CPU of a tick": time.process_time() - cpu,
        "CPU of asking and reading": read_cpu - cpu,
        "pods": len(table.pods),
    }


def written(url: str, n_pods: int, *, campaign: Path = CAMPAIGN) -> int:
    """Write a recorded campaign again and again, in other namespaces, until there are so many pods.

    Pods that come or go while it is measured are left out. Series of nodes, which belong to no
    namespace, are written once. Returns the number of series.
    """
    recorded = list(read_series(campaign / "series.parquet"))
    end = time.time() + AHEAD.total_seconds()
    last = max(int(series.time_ms[-1]) for series in recorded) / 1000.0
    recent = [_since(end - KEPT.total_seconds(), each) for each in moved(recorded, end - last)]
    fleet = list(_fleet([each for each in recent if len(each.time_ms)], n_pods, end))
    with connect(Connection(url=url)) as client:
        write(client, fleet)
        write(client, _long_ago(fleet, end))
    return len(fleet)


def _long_ago(fleet: Sequence[RawSeries], end: float) -> Iterator[RawSeries]:
    """Restarts of the same pods a day and a week before the measured ticks."""
    measured = end - (AHEAD + WINDOW).total_seconds()
    counted = [each for each in fleet if each.name == "kube_pod_container_status_restarts_total"]
    recent = [_since(measured - LOOK_BACK_SECONDS, each) for each in counted]
    for back in LONG_AGO:
        yield from moved((each for each in recent if len(each.time_ms)), -back.total_seconds())


def _since(start: float, series: RawSeries) -> RawSeries:
    kept = series.time_ms >= 1000.0 * start
    return replace(series, time_ms=series.time_ms[kept], values=series.values[kept])


def _fleet(recorded: Sequence[RawSeries], n_pods: int, end: float) -> Iterator[RawSeries]:
    pods = _living(recorded, end)
    yield from (each for each in recorded if "namespace" not in each.labels)
    for copy in range(math.ceil(n_pods / len(pods))):
        kept = set(pods[: n_pods - copy * len(pods)])
        for each in recorded:
            pod = _pod(each)
            if "namespace" in each.labels and (pod is None or pod in kept):
                namespace = f"{each.labels['namespace']}-{copy:02d}"
                yield replace(each, labels={**each.labels, "namespace": namespace})


def _living(recorded: Sequence[RawSeries], end: float) -> list[tuple[str, str]]:
    """Pods that are listed all the time from before the first measured tick to the end."""
    since, until = 1000.0 * (end - (AHEAD + WINDOW).total_seconds()), 1000.0 * (end - STEP_SECONDS)
    return sorted(
        pod
        for each in recorded
        if each.name == "kube_pod_info"
        and (pod := _pod(each)) is not None
        and each.time_ms[0] <= since
        and each.time_ms[-1] >= until
        and not np.isnan(each.values[-1])
    )


def _pod(series: RawSeries) -> tuple[str, str] | None:
    labels = series.labels
    return (labels["namespace"], labels["pod"]) if "pod" in labels else None

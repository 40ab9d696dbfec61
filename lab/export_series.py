"""The raw series of a run: all that any query reads, or of some workloads when that is a lot."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from lab.errors import LabRefused
from podforecast.domain.pods import PodRef
from podforecast.telemetry.prometheus.answers import Series
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.queries import METRICS
from podforecast.telemetry.raw_series import RawSeries, write_series

SMALLEST_SHARE = 0.05

Key = tuple[tuple[str, str], ...]
"""Labels of a series, name included, sorted."""
Markers = Mapping[Key, Sequence[int]]
"""Unix milliseconds at which a series was found to have ended."""

_LINE = re.compile(r"^\{(.*)\} NaN (\d+)$")
_LABEL = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)=("(?:[^"\\]|\\.)*")')


def stale_markers(tsdb: Path) -> Markers:
    """Return the staleness markers in a store; the query API does not show them.

    Raises
    ------
    LabRefused
        If promtool is missing, or can not read the store.
    """
    promtool = shutil.which("promtool")
    if promtool is None:
        raise LabRefused(
            "the program 'promtool' is not installed", hint="apt-get install -y prometheus"
        )
    wanted = f'--match={{__name__=~"{"|".join(METRICS)}"}}'
    command = [promtool, "tsdb", "dump", wanted, str(tsdb)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as dump:
        found = read_markers(dump.stdout or ())
    if dump.returncode != 0:
        raise LabRefused(f"promtool can not read {tsdb}", hint="Has its Prometheus been stopped?")
    return found


def read_markers(lines: Iterable[str]) -> Markers:
    r"""Pick the markers out of a dump: no metric of ours is NaN otherwise.

    >>> read_markers(['{__name__="up", pod="a"} 1 1000\n', '{__name__="up", pod="a"} NaN 2000\n'])
    {(('__name__', 'up'), ('pod', 'a')): [2000]}
    """
    found: defaultdict[Key, list[int]] = defaultdict(list)
    for line in lines:
        if "} NaN " in line and (marker := _LINE.match(line)) is not None:
            labels = {name: json.loads(text) for name, text in _LABEL.findall(marker[1])}
            found[tuple(sorted(labels.items()))].append(int(marker[2]))
    return dict(found)


def read_raw(
    api: QueryApi, selector: str, markers: Markers, *, start: float, end: float
) -> Iterator[RawSeries]:
    """Yield the series of all metrics that queries select, where ``selector`` lets them pass."""
    window = f"[{int(end - start) + 1}s]"
    for metric in METRICS:
        for found in api.at(f"{metric}{{{selector}}}{window}", end):
            ended = markers.get(tuple(sorted(found.labels.items())), ())
            yield as_raw(found, [at for at in ended if start <= at / 1000 <= end])


def as_raw(found: Series, ended_ms: Sequence[int]) -> RawSeries:
    """Join samples and staleness markers, which become NaN."""
    time_ms: NDArray[np.int64] = np.rint(1000 * found.times).astype(np.int64)
    time_ms = np.append(time_ms, np.array(ended_ms, np.int64))
    values = np.append(found.values, np.full(len(ended_ms), np.nan))
    order = np.argsort(time_ms, kind="stable")
    return RawSeries(
        name=found.labels["__name__"],
        labels={name: value for name, value in found.labels.items() if name != "__name__"},
        time_ms=time_ms[order],
        values=values[order],
    )


def write_within(
    path: Path,
    series: Sequence[RawSeries],
    owners: Mapping[PodRef, str],
    *,
    budget_bytes: int,
    rng: Random,
) -> tuple[str, ...]:
    """Write as many whole workloads as fit, and all series that belong to no pod.

    Returns
    -------
    tuple of str
        The workloads that are in the file.
    """
    workloads = sorted(set(owners.values()))
    rng.shuffle(workloads)
    share = 1.0
    while True:
        kept = frozenset(workloads[: max(1, round(share * len(workloads)))])
        size = write_series(path, [each for each in series if _belongs(each, owners, kept)])
        if size <= budget_bytes or share <= SMALLEST_SHARE:
            return tuple(sorted(kept))
        share = min(0.95 * share, share * budget_bytes / size)


def _belongs(series: RawSeries, owners: Mapping[PodRef, str], kept: frozenset[str]) -> bool:
    pod = PodRef(series.labels.get("namespace", ""), series.labels.get("pod", ""))
    return not pod.name or owners.get(pod) in kept

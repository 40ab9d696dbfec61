"""What a tick of a live source costs, as the fleet grows."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

import httpx

from benchmarks.figures import Figure
from benchmarks.kinds import MODELS
from benchmarks.prepared import PreparedPrometheus
from benchmarks.processes import ROOT
from podforecast.features.build import SIGNALS_READ, build
from podforecast.features.look_back import LOOK_BACK
from podforecast.model.scorer import load
from podforecast.telemetry.failures import failures_of
from podforecast.telemetry.memory import share_one_heap
from podforecast.telemetry.pace import EVERY
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.filling import RingFiller
from podforecast.telemetry.prometheus.samples import VectorReader
from podforecast.telemetry.ring import Ring
from podforecast.watcher.explained import explained
from podforecast.watcher.live import FAILURE_SIGNALS
from podforecast.watcher.scan import Scan, only, present, scan

SIZES = (1_000, 10_000, 100_000)
ROUNDS = EVERY
FIRST_SAMPLE = 117_582_720
GIVE_UP_SECONDS = 1800.0
T = TypeVar("T")


def ticks() -> Iterator[Figure]:
    """Fleets of prepared answers, each in a process of its own."""
    taken = {size: _in_a_process(size) for size in SIZES}
    for size, parts in taken.items():
        for name, seconds in parts.items():
            if name.startswith("MiB"):
                yield Figure(figure=f"{size} pods: {name[4:]}", value=round(seconds), unit="MiB")
                continue
            yield Figure(
                figure=f"{size} pods: {name}", value=round(1e6 * seconds / size, 1),
                unit="us CPU per pod",
            )  # fmt: skip
    largest, smallest = max(SIZES), min(SIZES)
    yield Figure(
        figure=f"a tick of {largest} pods", value=round(taken[largest]["tick"], 2),
        unit="s CPU", target="<= 5",
    )  # fmt: skip
    growth = (taken[largest]["tick"] / largest) / (taken[smallest]["tick"] / smallest)
    yield Figure(
        figure=f"time per pod, {largest} against {smallest} pods", value=round(growth, 2),
        unit="ratio", target="<= 1.5",
    )  # fmt: skip


def _in_a_process(n_pods: int) -> dict[str, float]:
    printed = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "benchmarks.ticks", str(n_pods)],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=GIVE_UP_SECONDS,
    )  # fmt: skip
    measured: dict[str, float] = json.loads(printed.stdout)
    return measured


class Fleet:
    """Everything a tick does but the network: answers are read, entered, scored, explained."""

    def __init__(self, n_pods: int) -> None:
        self.prometheus = PreparedPrometheus(n_pods)
        client = httpx.Client(transport=self.prometheus, base_url="http://prepared/")
        self._api = QueryApi(client)
        self._ring = Ring()
        self._filler = RingFiller(self._ring, look_back=LOOK_BACK)
        self._model = load(MODELS)
        self._sample = FIRST_SAMPLE
        self._reader = VectorReader()
        self._before: Scan | None = None
        self._fill_the_past()

    @property
    def sample_mib(self) -> float:
        """What the samples of an hour take."""
        return self._ring.nbytes / 2**20

    def _fill_the_past(self) -> None:
        self._fill(self._sample)
        for samples in self.prometheus.past(self._sample, self._ring.table):
            self._ring.put(samples)

    def _fill(self, sample: int) -> None:
        self._filler.fill(self._api, sample, past_seconds=lambda: 0.0)

    def prepare(self) -> None:
        """Let 15 seconds pass."""
        self._sample += 1
        self.prometheus.prepare(self._sample)

    def tick(self) -> Mapping[str, float]:
        """CPU seconds of each part of a tick, and of all of it."""
        clock, ring = _Parts(), self._ring
        clock.time("reading and keeping", lambda: self._fill(self._sample))
        first, last = ring.oldest, ring.newest
        block = clock.time("reading and keeping", lambda: ring.block(SIGNALS_READ, first, last))
        table = clock.time("features", lambda: only(build(block), present(block)))
        made = clock.time("scores", lambda: scan(table, self._model, before=self._before))
        clock.time("failures", lambda: failures_of(ring.block(FAILURE_SIGNALS, first, last)))
        clock.time("explanations", lambda: explained(table, made.probability, self._model))
        self._before = made
        parse = self._parse_seconds()
        kept = clock.seconds.pop("reading and keeping") - parse
        return {
            "tick": parse + kept + sum(clock.seconds.values()),
            "parsing answers": parse,
            "keeping samples": kept,
            **clock.seconds,
        }

    def _parse_seconds(self) -> float:
        """Of the same answers once more, by themselves."""
        clock, table = _Parts(), self._ring.table
        for signals, body in self.prometheus.packs.items():
            read = partial(self._reader.read, body, signals, self._sample, table)
            clock.time("parse", read)
        return clock.seconds["parse"]


class _Parts:
    """CPU seconds by name; what has one name is added up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, do: Callable[[], T]) -> T:
        before = time.process_time()
        done = do()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - before
        return done


def measured(n_pods: int, *, rounds: int = ROUNDS) -> dict[str, float]:
    """Median of some ticks after a first one, which learns the names of the pods; and memory."""
    fleet, taken = Fleet(n_pods), []
    for _ in range(rounds + 1):
        fleet.prepare()
        taken.append(fleet.tick())
    medians = {name: statistics.median(each[name] for each in taken[1:]) for name in taken[0]}
    at_most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**medians, "MiB samples": fleet.sample_mib, "MiB resident, at most": at_most}


if __name__ == "__main__":
    share_one_heap()  # as the service and the watcher do
    sys.stdout.write(json.dumps(measured(int(sys.argv[1]))) + "\n")

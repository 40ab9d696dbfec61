"""CPU of one POST /predict over HTTP, beside what it is held against, in the same run.

One uvicorn worker each, with uvloop and httptools. The servers of a model run at the same time and
are loaded in turns; only ratios of one round are compared, and the median of the rounds is told.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.kinds import model_folders
from benchmarks.processes import Server, ask, endpoint, running
from benchmarks.serve import ENDPOINTS

CONNECTIONS = 32
ROUNDS = 7
SECONDS = 2.0
WARM_UP_SECONDS = 1.0
LEAST_SHARE, LEAST_SHARE_OF_A_FOREST = 90, 45
"""Percent of the floor: what is left for a model, once a request is parsed and answered."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One endpoint in one round."""

    cpu_us: float
    """Of the server process, per request."""
    p99_ms: float


def requests() -> Iterator[Figure]:
    """Every model against the floor, the pandas endpoint and our own slow path."""
    for label, folder in model_folders().items():
        yield from figures_of(label, rounds_of(folder, rounds=ROUNDS, seconds=SECONDS))


def rounds_of(folder: Path, *, rounds: int, seconds: float) -> dict[str, list[Taken]]:
    """Load every endpoint in each round, in turns."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(running(endpoint(name, folder))) for name in ENDPOINTS}
        for server in servers.values():
            ask(server, connections=CONNECTIONS, seconds=min(seconds, WARM_UP_SECONDS))
        taken: dict[str, list[Taken]] = {name: [] for name in servers}
        for _ in range(rounds):
            for name, server in servers.items():
                taken[name].append(_taken(server, seconds))
        return taken


def _taken(server: Server, seconds: float) -> Taken:
    before = server.cpu_seconds()
    load = ask(server, connections=CONNECTIONS, seconds=seconds)
    return Taken(1e6 * (server.cpu_seconds() - before) / load.requests, load.p99_ms)


def figures_of(label: str, taken: dict[str, list[Taken]]) -> Iterator[Figure]:
    """Costs of all endpoints, then the ratios that have targets."""
    cpu = {name: [one.cpu_us for one in rounds] for name, rounds in taken.items()}
    p99 = {name: [one.p99_ms for one in rounds] for name, rounds in taken.items()}
    for name, values in cpu.items():
        value = round(statistics.median(values), 1)
        yield Figure(figure=f"{label}: {name}", value=value, unit="us CPU per request")
    share = 100 * _median_ratio(cpu["floor"], cpu["ours"])
    least = LEAST_SHARE_OF_A_FOREST if "RandomForest" in label else LEAST_SHARE
    yield Figure(figure=f"{label}: floor against ours", value=round(share, 1), unit="%",
                 target=f">= {least}")  # fmt: skip
    times = _median_ratio(cpu["pandas"], cpu["ours"])
    yield Figure(figure=f"{label}: pandas endpoint against ours", value=round(times, 1),
                 unit="ratio", target=">= 30")  # fmt: skip
    for name in ("floor", "ours"):
        value = round(statistics.median(p99[name]), 2)
        yield Figure(figure=f"{label}: p99 at {CONNECTIONS} connections, {name}", value=value,
                     unit="ms")  # fmt: skip
    slower = _median_ratio(p99["ours"], p99["floor"])
    yield Figure(figure=f"{label}: p99 at {CONNECTIONS} connections, ours against the floor",
                 value=round(slower, 2), unit="ratio", target="<= 2")  # fmt: skip


def _median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the rounds of the ratio in each."""
    return statistics.median(a / max(b, 1e-9) for a, b in zip(above, below, strict=True))

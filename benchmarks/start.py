"""From starting a process to its first 200 on /readyz, and what it holds after 1 000 forecasts.

The service as ``make run`` starts it, fleet replay and all, and the service without the replay,
beside the endpoint that everybody writes, which imports pandas, scikit-learn and joblib.
"""

from __future__ import annotations

import http.client
import statistics
from collections.abc import Iterator, Sequence

from benchmarks.figures import Figure
from benchmarks.kinds import MODELS, model_folders
from benchmarks.load import EXAMPLE
from benchmarks.processes import Server, endpoint, running, service

STARTS = 5
FORECASTS = 1000


def start() -> Iterator[Figure]:
    """Median of some starts; the first one, which reads files from disk, does not count."""
    folder = next(iter(model_folders().values()))
    commands = {
        "naive import": endpoint("pandas", folder),
        "service alone": endpoint("ours", folder),
    }
    if folder == MODELS:
        commands["service with fleet replay"] = service()
    for name, command in commands.items():
        yield from figures_of(name, command, starts=STARTS, forecasts=FORECASTS)


def figures_of(
    name: str, command: Sequence[str], *, starts: int, forecasts: int
) -> Iterator[Figure]:
    """Time and memory of one command."""
    _started(command, forecasts=0)
    seconds, memory = zip(*(_started(command, forecasts) for _ in range(starts)), strict=True)
    ours = name.startswith("service")
    yield Figure(
        figure=f"{name}: ready after start", value=round(statistics.median(seconds), 2),
        unit="s", target="<= 2.5" if ours else "",
    )  # fmt: skip
    yield Figure(
        figure=f"{name}: resident after {forecasts} forecasts",
        value=round(statistics.median(memory)),
        unit="MiB", target="<= 250" if ours else "",
    )  # fmt: skip


def _started(command: Sequence[str], forecasts: int) -> tuple[float, float]:
    with running(command) as server:
        forecast(server, forecasts)
        return server.seconds_to_ready, server.resident_mib()


def forecast(server: Server, times: int) -> None:
    """Ask for so many forecasts, one after the other, over one connection.

    Raises
    ------
    RuntimeError
        If one is refused.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10.0)
    body = EXAMPLE.read_bytes()
    for _ in range(times):
        connection.request("POST", "/predict", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"a forecast was answered with {answer.status}")
    connection.close()

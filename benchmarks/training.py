"""``train_model.py`` on the recorded campaigns as its users run it: time and memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure

ROOT = Path(__file__).parents[1]


def training() -> Iterator[Figure]:
    """Wall time, CPU time and peak resident memory of the largest process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "train_model.py", "--out", folder, "--json"]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        wall = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    yield Figure(figure="wall time", value=round(wall, 1), unit="s", target="<= 180")
    yield Figure(figure="CPU time", value=round(cpu, 1), unit="s")
    memory_mib = after.ru_maxrss / 1024
    yield Figure(figure="resident, at most", value=round(memory_mib), unit="MiB", target="<= 450")

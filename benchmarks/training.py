"""``train_model.py`` on the recorded campaigns as its users run it: time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure

ROOT = Path(__file__).parents[1]


def training() -> Iterator[Figure]:
    """Wall time, CPU time and peak resident memory of the training process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "train_model.py", "--out", folder, "--json"]
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603
        # Of this child alone: RUSAGE_CHILDREN keeps the peak of every child there ever was.
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    yield Figure(figure="wall time", value=round(wall, 1), unit="s", target="<= 180")
    yield Figure(figure="CPU time", value=round(used.ru_utime + used.ru_stime, 1), unit="s")
    memory_mib = used.ru_maxrss / 1024
    yield Figure(figure="resident, at most", value=round(memory_mib), unit="MiB", target="<= 450")

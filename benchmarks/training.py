"""``train_model.py`` on the recorded campaigns as its users run it: time and memory."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure

ROOT = Path(__file__).parents[1]
LOOK_EVERY_SECONDS = 0.05


def training() -> Iterator[Figure]:
    """Wall time, CPU time and peak resident memory of the training process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "train_model.py", "--out", folder, "--json"]
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603
        status, used, peak_mib = followed(child.pid)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    yield Figure(figure="wall time", value=round(wall, 1), unit="s", target="<= 180")
    yield Figure(figure="CPU time", value=round(used.ru_utime + used.ru_stime, 1), unit="s")
    yield Figure(figure="resident, at most", value=round(peak_mib), unit="MiB", target="<= 450")


def followed(pid: int) -> tuple[int, resource.struct_rusage, float]:
    """Wait for a child; its status, what it used, and its peak of resident memory.

    The peak is looked up while it lives: that of `wait4` begins with the size of the process that
    started the child, and a benchmark that ran others before is the larger one.
    """
    peak_mib = 0.0
    while True:
        # Looked up first: of a process that has ended, nothing is left to be seen.
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
        peak_mib = int(found[1]) / 1024 if found else peak_mib
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            return status, used, peak_mib
        time.sleep(LOOK_EVERY_SECONDS)

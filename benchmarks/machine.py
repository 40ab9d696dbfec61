"""Where and when figures were taken: a figure without its machine says nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]


def machine(now: datetime) -> Mapping[str, str]:
    """Processor, memory, versions and commit, in the order in which they are shown."""
    return {
        "date": f"{now:%Y-%m-%d %H:%M} UTC",
        "commit": _commit(),
        "processor": _after("model name", Path("/proc/cpuinfo")),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_after('MemTotal', Path('/proc/meminfo')).split()[0]) / 2**20:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
    }


def _after(name: str, path: Path) -> str:
    """Value of the first line that begins with a name."""
    lines = path.read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "0")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.strip() or "unknown"

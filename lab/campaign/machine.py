"""What the machine itself was doing: facts once, noise every 15 seconds."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from lab.campaign.events import JsonLines

PERIOD_SECONDS = 15.0
TICK_SECONDS = 0.25
PRESSURE = Path("/proc/pressure/cpu")


def machine_facts() -> dict[str, Any]:
    """Cores, memory, kernel and Python of this machine."""
    pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_bytes": pages * page_bytes,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def current_commit() -> str:
    """Commit the code was run from; empty outside a repository."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def cpu_pressure() -> float | None:
    """Share [percent] of the last 10 s in which something waited for a CPU."""
    try:
        first = PRESSURE.read_text(encoding="ascii").split("\n", 1)[0]
    except OSError:
        return None
    fields = dict(part.split("=") for part in first.split()[1:])
    return float(fields["avg10"])


async def watch_machine(lines: JsonLines) -> None:
    """Write pressure, load and the event loop's lag until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        worst, until = 0.0, loop.time() + PERIOD_SECONDS
        while loop.time() < until:
            before = loop.time()
            await asyncio.sleep(TICK_SECONDS)
            worst = max(worst, loop.time() - before - TICK_SECONDS)
        lines.write(
            {
                "at": time.time(),
                "cpu_pressure_percent": cpu_pressure(),
                "load1": os.getloadavg()[0],
                "loop_lag_seconds": round(worst, 4),
            }
        )

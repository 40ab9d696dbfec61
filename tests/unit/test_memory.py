"""Memory is given back where that is possible, and nothing breaks where it is not."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from podforecast.telemetry.memory import give_back


class LibraryWithoutTrim:
    """A fake C library, as musl's: it has no ``malloc_trim``."""

    def __init__(self, name):
        self.name = name


def resident_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_a_c_library_that_can_not_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", LibraryWithoutTrim)
    give_back()


@pytest.mark.glibc
def test_freed_blocks_go_back_to_the_system():
    blocks = [np.ones(8_000) for _ in range(1500)]  # 92 MiB in blocks too small for mmap
    keep = blocks[::100]
    held = resident_mib()
    blocks.clear()
    give_back()
    assert len(keep) == 15
    assert held - resident_mib() > 40

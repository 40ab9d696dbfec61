"""Memory is given back where that is possible, and nothing breaks where it is not."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from podforecast.telemetry.memory import give_back, share_one_heap

# In a process of its own, since an allocator stays as it was told to be.
LARGE_BLOCKS = """
import sys
import numpy as np
from pathlib import Path
from podforecast.telemetry.memory import allocate_sparingly

def resident_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024

if sys.argv[1] == "sparingly":
    allocate_sparingly()
before = resident_mib()
for _ in range(2):
    block = np.ones(30 * 2**17)
    del block
print(resident_mib() - before)
"""

# What glibc says about its heaps, after some threads have each allocated what is no small object.
HEAPS = """
import ctypes, sys, threading

if sys.argv[1] != "nothing":
    from podforecast.serving import entry
    from podforecast.settings import Settings

    getattr(entry, sys.argv[1])(Settings(source="none"))
meet = threading.Barrier(4)
def allocate():
    block = bytes(4000)
    meet.wait()

threads = [threading.Thread(target=allocate) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
library = ctypes.CDLL(None)
library.malloc_info(0, ctypes.c_void_p.in_dll(library, "stdout"))
library.fflush(None)
"""


class LibraryWithoutTrim:
    """A fake C library, as musl's: it has neither ``malloc_trim`` nor ``mallopt``."""

    def __init__(self, name):
        self.name = name


def resident_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_a_c_library_that_can_not_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", LibraryWithoutTrim)
    give_back()
    share_one_heap()


@pytest.mark.glibc
def test_freed_blocks_go_back_to_the_system():
    blocks = [np.ones(8_000) for _ in range(1500)]  # 92 MiB in blocks too small for mmap
    keep = blocks[::100]
    held = resident_mib()
    blocks.clear()
    give_back()
    assert len(keep) == 15
    assert held - resident_mib() > 40


def kept_after_large_blocks(how):
    done = subprocess.run(
        [sys.executable, "-c", LARGE_BLOCKS, how], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


@pytest.mark.glibc
def test_large_blocks_go_back_at_once_where_that_was_asked_for():
    assert kept_after_large_blocks("sparingly") < 5


@pytest.mark.glibc
def test_left_to_itself_the_c_library_keeps_large_blocks():
    """Else asking for it would be of no use any more."""
    assert kept_after_large_blocks("as usual") > 20


@pytest.mark.glibc
@pytest.mark.parametrize(
    ("starts", "shares"), [("service", True), ("watching", True), ("nothing", False)]
)
def test_threads_of_a_service_share_one_heap(starts, shares):
    """Without a service they do not, or asking for it would be of no use any more."""
    done = subprocess.run(
        [sys.executable, "-c", HEAPS, starts], check=True, capture_output=True, text=True
    )
    assert (done.stdout.count("<heap nr=") == 1) is shares


WHAT_ARROW_GETS = """
import sys, types
sys.modules["podforecast.cli.train"] = types.SimpleNamespace(main=None)
import train_model
import pyarrow as pa
print(pa.default_memory_pool().backend_name)
"""
"""What the command imports is left out: it takes seconds."""


@pytest.mark.parametrize(
    ("asked_for", "pool"),
    [
        pytest.param({}, "system", id="nothing"),
        pytest.param({"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"}, "mimalloc", id="another"),
    ],
)
def test_a_training_reads_with_the_systems_allocator_unless_another_is_asked_for(asked_for, pool):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", WHAT_ARROW_GETS],
        env={"PYTHONPATH": str(root), **asked_for}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == [pool]

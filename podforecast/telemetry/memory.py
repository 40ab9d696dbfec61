"""Giving memory back: a training has to fit into a small build.

Reading frees many blocks of a few megabytes. The C library keeps them for later, and so does
Arrow, and what comes after it wants other sizes: 90 MB would lie idle under the peak of a training,
and 20 MB in a service for as long as it runs.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""``M_TRIM_THRESHOLD`` and so on of mallopt(3)."""
LARGE_BYTES = 2**20
"""Smaller than a table of features, larger than what a fit allocates and frees at every step."""
LARGER_THAN_A_SLICE_BYTES = 2**21
"""What scans and batches allocate again and again is smaller; a slice of features has 2**20. Asking
the system for it each time took a batch thrice as long, at 2**17."""
KEPT_BYTES = 2**24
"""At the end of the heap, so that the next slice need not ask the system for it anew: with half of
it, features of a large fleet took 1.6 times as long."""


def allocate_sparingly() -> None:
    """From now on return what is large as soon as it is free; for a process that reads, then fits.

    Left to itself, glibc treats ever larger blocks as small ones, up to 32 MiB, and keeps them.
    Nothing that is computed changes.
    """
    tune = _of_the_c_library("mallopt")
    if tune is not None:
        tune(MMAP_THRESHOLD, LARGE_BYTES)


def share_one_heap() -> None:
    """From now on all threads allocate from one heap, and large blocks stay out of it.

    For a service. Left to itself, glibc has eight heaps per core, and takes ever larger blocks from
    them, up to 32 MiB. Threads that come and go would tear holes of bodies, batches and models of
    every size into all of them: under fire, four times of what is in use lay idle after minutes,
    and it became more. One heap costs no time where an interpreter lock is held to allocate.
    """
    tune = _of_the_c_library("mallopt")
    if tune is not None:
        tune(ARENA_MAX, 1)
        tune(MMAP_THRESHOLD, LARGER_THAN_A_SLICE_BYTES)
        tune(TRIM_THRESHOLD, KEPT_BYTES)


def give_back() -> None:
    """Return what is free to the system, where the C library knows how (glibc)."""
    # Whoever has not read anything with Arrow has nothing to give back, and need not load it.
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    trim = _of_the_c_library("malloc_trim")
    if trim is not None:
        trim(0)


def _of_the_c_library(function: str) -> Any:  # noqa: ANN401 - ctypes is untyped
    """Look a function of glibc up; None on musl, macOS and Windows."""
    try:
        return getattr(ctypes.CDLL(None), function)
    except (AttributeError, OSError, TypeError):
        return None

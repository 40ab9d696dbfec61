"""Giving memory back after reading campaigns: a training has to fit into a small build.

Reading frees many blocks of a few megabytes. The C library keeps them for later, and so does
Arrow, and what comes after it wants other sizes: 90 MB would lie idle under the peak of a training,
and 20 MB in a service for as long as it runs.
"""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Return what is free to the system, where the C library knows how (glibc)."""
    # Whoever has not read anything with Arrow has nothing to give back, and need not load it.
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return
    trim(0)

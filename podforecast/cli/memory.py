"""Giving memory back between the stages of a training, which has to fit into a small build.

Reading campaigns frees many blocks of a few megabytes. The C library keeps them for later, and so
does Arrow, and the stages after it want other sizes: 90 MB would lie idle under the peak.
"""

from __future__ import annotations

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Return what is free to the system, where the C library knows how (glibc)."""
    pa.default_memory_pool().release_unused()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return
    trim(0)

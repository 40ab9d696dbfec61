"""Small files in which the kernel tells its counters, read without ceremony: there are many."""

from __future__ import annotations

import os


def read_text(path: str) -> str:
    """Return the content of a small kernel file, or nothing if it is not there."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 65_536).decode()
    except OSError:  # the group went away between open and read
        return ""
    finally:
        os.close(descriptor)


def read_pairs(path: str) -> dict[str, int]:
    """Return the ``key value`` lines of a kernel file."""
    words = read_text(path).split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=False))


def read_pressure(path: str) -> float | None:
    """Return the total of the line ``some`` in seconds."""
    first_line = read_text(path).partition("\n")[0]
    total = first_line.rpartition("total=")[2]
    return int(total) / 1e6 if total else None

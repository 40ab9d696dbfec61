"""Named groups of plain arrays in one ``.npz`` file: what every portable form is written as."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Literal

import numpy as np

Kind = Literal["linear", "trees", "joined"]
Arrays = Mapping[str, np.ndarray]

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    AttributeError,  # a lone .npy is an array, not an archive
    EOFError,
    IndexError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
)
"""What NumPy raises for bytes that are no archive, and the forms for arrays that are not theirs."""


def pack(written: int, kind: Kind, **groups: Arrays) -> bytes:
    """Bytes of groups of arrays, with their format and kind; the same for the same arrays.

    >>> named = unpack(pack(1, "linear", form={"slope": np.zeros(2)}))
    >>> sorted(named), group("form", named)["slope"].shape
    (['form/slope', 'format', 'kind'], (2,))
    """
    buffer = io.BytesIO()
    named = {"format": np.array(written), "kind": np.array(kind)}
    for prefix, arrays in groups.items():
        named |= {f"{prefix}/{name}": array for name, array in arrays.items()}
    np.savez_compressed(buffer, **named)  # type: ignore[arg-type] # its second parameter is a flag
    return buffer.getvalue()


def unpack(payload: bytes) -> Arrays:
    """All arrays of what :func:`pack` wrote; check the bytes' hash first.

    Raises one of ``UNREADABLE`` where they are something else.
    """
    with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def group(prefix: str, named: Arrays) -> Arrays:
    """One group of what :func:`unpack` returned."""
    return {
        name.removeprefix(f"{prefix}/"): array
        for name, array in named.items()
        if name.startswith(f"{prefix}/")
    }

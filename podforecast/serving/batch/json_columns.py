"""Columns of JSON: lists of whatever JSON can hold."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np

from podforecast.api_schema.predict import POD_ID_LENGTH
from podforecast.domain.telemetry import Array
from podforecast.serving.batch.checking import Numbers
from podforecast.serving.batch.faults import MISSING, Mask

_MEASURED = frozenset((float, int))


class JsonColumn:
    """One value per row; ``MISSING`` where a row left the field out.

    Parameters
    ----------
    cells
        What the JSON parser made of them.
    may_hold_booleans
        False where the body has neither word. Python counts ``True`` as 1, so that a column
        that may have some is read with more care, and at a quarter of the speed.
    """

    def __init__(self, cells: Sequence[object], *, may_hold_booleans: bool) -> None:
        self._cells = cells
        self._may_hold_booleans = may_hold_booleans

    def numbers(self) -> Numbers:
        """Read it as numbers: all at once where all are, else one by one."""
        if not self._may_hold_booleans:
            packed = _packed(self._cells)
            if packed is not None:
                return Numbers(packed)
        measured = [cell if type(cell) in _MEASURED else math.nan for cell in self._cells]
        packed = _packed(measured)
        if packed is None:
            packed = np.array([_float_or_infinity(cell) for cell in measured])
        return Numbers(packed, _unknown(self._cells))

    def categories(self, known: tuple[str, ...]) -> Numbers:
        """Read it as categories: the index of each."""
        index = {category: float(position) for position, category in enumerate(known)}
        try:
            packed = _packed([*map(index.get, self._cells)])  # type: ignore[arg-type]
        except TypeError:  # an array or object has no hash
            packed = None
        if packed is not None:
            return Numbers(packed)
        values = [index.get(cell, math.nan) if isinstance(cell, str) else math.nan
                  for cell in self._cells]  # fmt: skip
        return Numbers(np.array(values), _unknown(self._cells))

    def pod_ids(self) -> tuple[Sequence[object], Mask | None]:
        """Read it as names, and tell which are no names."""
        if set(map(type, self._cells)) == {str}:
            lengths = set(map(len, self._cells))  # type: ignore[arg-type]
            if 0 not in lengths and max(lengths) <= POD_ID_LENGTH:
                return self._cells, None
        return self._cells, np.array([not _is_name(cell) for cell in self._cells])

    def sent(self, row: int) -> object:
        """Return one value as it was sent, or ``MISSING``."""
        return self._cells[row]


def _packed(cells: Sequence[object]) -> Array | None:
    """Turn numbers into an array, three times as fast as NumPy's own way; None if one is none."""
    try:
        return np.frombuffer(struct.pack(f"{len(cells)}d", *cells))
    except (struct.error, OverflowError):
        return None


def _float_or_infinity(cell: object) -> float:
    try:
        return float(cell)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf


def _unknown(cells: Sequence[object]) -> Mask:
    return np.array([cell is None or cell is MISSING for cell in cells])


def _is_name(cell: object) -> bool:
    return isinstance(cell, str) and 0 < len(cell) <= POD_ID_LENGTH

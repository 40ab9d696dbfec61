"""Columns in, a table for the model out: every value is checked, or nothing is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from podforecast.api_schema.batch import MAX_ROWS, POD_ID
from podforecast.api_schema.predict import LARGEST
from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, Feature
from podforecast.domain.telemetry import Array
from podforecast.serving.batch.faults import COLUMN, MISSING, Faults, Mask, refuse_body

FIELDS = frozenset((POD_ID, *FEATURE_NAMES))

NOTHING = np.empty(0)

PodIds: TypeAlias = Any
"""A list of texts, or an Arrow array of them: the answer repeats it as it is."""


class UnfitColumn(Exception):
    """None of the column's values can be used. Never leaves this package."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a format made of one column. Whatever is no number is NaN."""

    values: Array
    """Shape (n,); of a category its index."""
    unknown: Mask | None = None
    """True where nothing was measured, which is not the same as NaN; None if that is nowhere."""


class Column(Protocol):
    """One column as it was sent."""

    def numbers(self) -> Numbers:
        """Read it as numbers."""
        ...

    def categories(self, known: tuple[str, ...]) -> Numbers:
        """Read it as categories."""
        ...

    def pod_ids(self) -> tuple[PodIds, Mask | None]:
        """Read it as names, and tell which are no names."""
        ...

    def sent(self, row: int) -> object:
        """Return one value as its client would write it, or ``MISSING``."""
        ...


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch as it was sent, whatever the format."""

    rows: int
    named: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that can be scored."""

    pod_ids: PodIds
    rows: int
    columns: Mapping[int, Array]
    """Values of the features that were sent, (n,) each, by their place in the catalogue."""

    def tables(self, rows_at_once: int) -> Iterator[Array]:
        """Give the rows as the model wants them, so many at most, always in the same memory.

        A table of 72 features of which a caller knows 12 is mostly NaN: written once, and small
        enough for a cache, it costs next to nothing. Features are in catalogue order, NaN =
        unknown, of shape (k, n_features), and column by column in memory, as sums of terms read it.
        """
        size = -(-self.rows // -(-self.rows // rows_at_once))  # as many in each, but the last
        table = np.full((len(CATALOGUE), size), np.nan)
        for first in range(0, self.rows, size):
            part = table[:, : self.rows - first]
            for place, values in self.columns.items():
                part[place] = values[first : first + size]
            yield part.T


def checked(columns: Columns, faults: Faults) -> Batch:
    """Check every column.

    Raises
    ------
    InvalidBatch
        With all that is wrong, found here or before.
    """
    refuse_row_count(columns.rows)
    pod_ids = _pod_ids(columns, faults)
    values: dict[int, Array] = {}
    for place, feature in enumerate(CATALOGUE):
        column = columns.named.get(feature.name)
        if column is not None:
            values[place] = _read(feature, column, faults)
        elif feature.required:
            faults.cell(feature.name, COLUMN, MISSING)
    for name in columns.named:
        if name not in FIELDS:
            faults.cell(name, COLUMN, None)
    faults.refuse_any()
    return Batch(pod_ids=pod_ids, rows=columns.rows, columns=values)


def refuse_row_count(rows: int) -> None:
    """Refuse no rows, and too many."""
    if not rows:
        refuse_body("has no rows", "Send the measurements of at least one pod.")
    if rows > MAX_ROWS:
        refuse_body(
            f"has {rows} rows, more than {MAX_ROWS}",
            f"Send at most {MAX_ROWS} rows in a request.",
        )


def _pod_ids(columns: Columns, faults: Faults) -> PodIds:
    column = columns.named.get(POD_ID)
    if column is None:
        faults.cell(POD_ID, COLUMN, MISSING)
        return None
    try:
        pod_ids, bad = column.pod_ids()
    except UnfitColumn as error:
        faults.column(POD_ID, error.message, error.hint)
        return None
    if bad is not None:
        faults.cells(POD_ID, bad, column.sent)
    return pod_ids


def _read(feature: Feature, column: Column, faults: Faults) -> Array:
    """Read one column; what is wrong with it is added to the faults, of which none is scored."""
    try:
        numbers = column.categories(feature.categories) if feature.categories else column.numbers()
    except UnfitColumn as error:
        faults.column(feature.name, error.message, error.hint)
        return NOTHING
    bad = unusable(feature, numbers)
    if bad is not None:
        faults.cells(feature.name, bad, column.sent)
    return numbers.values


def unusable(feature: Feature, numbers: Numbers) -> Mask | None:
    """Tell which values a feature can not have; None where all are fine.

    The limits are those of ``PredictRequest``; a test holds the two together.

    >>> scores = Numbers(np.array([0.5, 1.5, np.nan]))
    >>> unusable(CATALOGUE[FEATURE_NAMES.index("node_pressure_score")], scores)
    array([False,  True,  True])
    """
    values = numbers.values
    low, high = max(feature.low, -LARGEST), min(feature.high, LARGEST)
    # NaN passes through min and max, and is within no limits.
    if values.min() >= low and values.max() <= high and not _has_fractions(feature, values):
        return None
    bad = ~((values >= low) & (values <= high))
    if feature.whole:
        bad |= values != np.trunc(values)
    if numbers.unknown is not None and not feature.required:
        bad &= ~numbers.unknown
    return bad if bad.any() else None


def _has_fractions(feature: Feature, values: Array) -> bool:
    return feature.whole and not np.array_equal(values, np.trunc(values))

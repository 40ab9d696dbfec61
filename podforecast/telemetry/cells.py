"""Cells of a user's table: from text to numbers, and every one that can not be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from podforecast.domain.catalogue import Feature
from podforecast.domain.telemetry import Array

LABELS: Mapping[str, float] = {
    "0": 0.0,
    "1": 1.0,
    "false": 0.0,
    "true": 1.0,
    "no": 0.0,
    "yes": 1.0,
    "stable": 0.0,
    "at_risk": 1.0,
}
"""What a target column may say."""

MILLISECONDS_FROM = 1e11
"""A Unix time above this is in milliseconds: in seconds it would be the year 5138."""


@dataclass(frozen=True, slots=True)
class BadCell:
    """A value that can not be used."""

    row: int
    """Counted from 1, without the header."""
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.value!r} is not {self.expected}"


def read_feature(column: pd.Series[str], feature: Feature) -> tuple[Array, list[BadCell]]:
    """Read a column of a feature; empty cells are NaN."""
    if feature.categories:
        codes = {name: float(code) for code, name in enumerate(feature.categories)}
        return _looked_up(column, codes, f"one of {', '.join(feature.categories)}")
    values = _numbers(column)
    wrong = _unread(column, values) | np.isinf(values)
    wrong |= (values < feature.low) | (values > feature.high)
    expected = f"a number from {feature.low:g} to {feature.high:g}"
    if feature.whole:
        wrong |= np.isfinite(values) & (values % 1 != 0)
        expected = f"a whole number from {feature.low:g} to {feature.high:g}"
    return values, _bad(column, wrong, expected)


def read_target(column: pd.Series[str]) -> tuple[Array, list[BadCell]]:
    """Read a column of labels: 0 or 1, NaN where the cell is empty."""
    numbers = _numbers(column)
    text = column.where(~np.isin(numbers, (0.0, 1.0)), pd.Series(numbers).map("{:g}".format))
    return _looked_up(text, LABELS, "0 or 1, true or false, yes or no")


def read_times(column: pd.Series[str]) -> tuple[Array, list[BadCell]]:
    """Read Unix seconds or milliseconds, or ISO 8601, which is UTC unless it says otherwise."""
    seconds = _numbers(column)
    seconds = np.where(np.abs(seconds) >= MILLISECONDS_FROM, seconds / 1e3, seconds)
    text = np.isnan(seconds) & column.notna().to_numpy()
    if text.any():
        found = pd.to_datetime(column[text], utc=True, errors="coerce", format="ISO8601")
        since = (found - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
        seconds[text] = since.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~np.isfinite(seconds)
    return seconds, _bad(column, missing, "a time: Unix seconds, or ISO 8601")


def _numbers(column: pd.Series[str]) -> Array:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _unread(column: pd.Series[str], values: Array) -> NDArray[np.bool_]:
    unread: NDArray[np.bool_] = np.isnan(values) & column.notna().to_numpy()
    return unread


def _looked_up(
    column: pd.Series[str], codes: Mapping[str, float], expected: str
) -> tuple[Array, list[BadCell]]:
    read: Callable[[str], float | None] = lambda text: codes.get(text.strip().lower())  # noqa: E731
    values = column.map(read, na_action="ignore").to_numpy(dtype=np.float64, na_value=np.nan)
    return values, _bad(column, _unread(column, values), expected)


def _bad(column: pd.Series[str], wrong: NDArray[np.bool_], expected: str) -> list[BadCell]:
    name = str(column.name)
    return [
        BadCell(int(row) + 1, name, str(column.iloc[row])[:40], expected)
        for row in np.flatnonzero(wrong)
    ]

"""Cells and frames of tables: the terminal, ``report.md`` and the model card share them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from podforecast.evaluation.figures import Report, Sample, SplitResult
from podforecast.model.resampling import Interval

UNKNOWN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells with what they are about."""

    title: str
    about: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def to_markdown(self, *, level: int = 3) -> str:
        """Return heading, table and caption.

        >>> table = Table(title="T", about="Two rows.", header=("a", "b"), rows=(("1", "2"),))
        >>> print(table.to_markdown(level=2))
        ## T
        <BLANKLINE>
        | a | b |
        | --- | --- |
        | 1 | 2 |
        <BLANKLINE>
        Two rows.
        <BLANKLINE>
        """
        lines = (self.header, ("---",) * len(self.header), *self.rows)
        cells = (
            "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
        )
        return "\n".join([f"{'#' * level} {self.title}", "", *cells, "", self.about, ""])


def number(value: float, digits: int = 3) -> str:
    """Fixed digits; a dash for what is unknown.

    >>> number(0.12345), number(float("nan"))
    ('0.123', '-')
    """
    return UNKNOWN if math.isnan(value) else f"{value:.{digits}f}"


def spanned(found: Interval, digits: int = 3) -> str:
    """Value and bounds.

    >>> spanned(Interval(0.5, 0.25, 0.75), 2)
    '0.50 [0.25, 0.75]'
    """
    if math.isnan(found.value):
        return UNKNOWN
    low, high = number(found.low, digits), number(found.high, digits)
    return f"{number(found.value, digits)} [{low}, {high}]"


def about(split: SplitResult, report: Report) -> str:
    """Name the rows, their prevalence, the split and what the intervals are."""
    return (
        f"Split: {split.name} ({split.meaning}). Judged on {_sample(split.test)}."
        f" Brackets: 95 % intervals, {report.rounds} rounds of a bootstrap over pods; exact"
        " bounds where all or none was found."
    )


def _sample(sample: Sample) -> str:
    return (
        f"{sample.rows} rows of {sample.pods} pods in {', '.join(sample.campaigns)}"
        f" ({sample.pod_hours:.0f} pod-hours, {sample.failures} failures,"
        f" prevalence {sample.prevalence:.3f})"
    )


def signed(found: Interval) -> str:
    """Value and bounds of a difference, with their signs.

    >>> signed(Interval(0.5, -0.25, 0.75))
    '+0.50 [-0.25, +0.75]'
    """
    if math.isnan(found.value):
        return UNKNOWN
    return f"{found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"

"""What is found of a target with several classes, as values."""

from __future__ import annotations

from dataclasses import dataclass

from podforecast.model.resampling import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """One class, each against all others."""

    name: str
    rows: int
    """That it happened in."""
    precision: Interval
    recall: Interval
    f1: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFigures:
    """The rows whose status is another one at the horizon."""

    changes: int
    told: int
    """Rows in which a change was told, of whatever kind."""
    recall: Interval
    """Share of changes that were told exactly."""
    precision: Interval
    """Share of told changes that came exactly so."""
    balanced_accuracy: Interval
    """Mean recall over what statuses change into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMethod:
    """One method on the rows of a target."""

    title: str
    is_baseline: bool
    log_loss: Interval
    accuracy: Interval
    macro_f1: Interval
    balanced_accuracy: Interval
    confusion: tuple[tuple[int, ...], ...]
    """Rows by what happened (outer) and what was said."""
    classes: tuple[ClassFigures, ...]
    """Those that happened or were told."""
    changes: ChangeFigures | None = None
    """Of statuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """One target on the test campaigns."""

    name: str
    title: str
    meaning: str
    classes: tuple[str, ...]
    campaigns: tuple[str, ...]
    rows: int
    pods: int
    methods: tuple[ClassMethod, ...]
    """The model first, then baselines."""

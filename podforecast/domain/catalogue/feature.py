"""What is known about one feature, and two short ways to write it down."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TypedDict, Unpack

from podforecast.domain.signals import SIGNAL_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One number, or category, that the model sees about one pod.

    A category is stored as the index of its value in ``categories``. Unknown is NaN.
    """

    name: str
    unit: str
    typical: tuple[float, float]
    """What widgets span."""
    meaning: str
    """One sentence for somebody who has never seen the project."""
    source: str
    """Which signals it is computed from, or where it comes from in a cluster."""
    default: float = 0.0
    """What a form starts with: a healthy pod."""
    low: float = 0.0
    high: float = math.inf
    """Hard limits of a request: a value outside is refused."""
    required: bool = False
    whole: bool = False
    """True for counts: fractions are refused."""
    categories: tuple[str, ...] = ()
    monotone: bool = False
    """True where a larger value alone must never lower the probability."""
    usual: tuple[float, float] | None = None
    """Where a healthy pod of a production cluster lies, as people on call see it: a convention to
    compare with in words, not a measurement, and nothing the model knows of. None where that
    depends on the application, and for categories."""

    def __post_init__(self) -> None:
        if not self.low <= self.typical[0] <= self.default <= self.typical[1] <= self.high:
            raise ValueError(f"{self.name}: default, typical range and limits are out of order")
        if self.usual and not self.low <= self.usual[0] <= self.usual[1] <= self.high:
            raise ValueError(f"{self.name}: usual range and limits are out of order")

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals that it is computed from, as ``source`` names them.

        >>> from podforecast.domain.catalogue import CATALOGUE
        >>> CATALOGUE[4].signals
        ('error_log_lines_per_min', 'server_error_rate')
        """
        words = re.findall(r"\w+", self.source)
        return tuple(word for word in words if word in SIGNAL_NAMES)


class _Limits(TypedDict, total=False):
    """What most features leave at its default."""

    low: float
    high: float
    whole: bool
    categories: tuple[str, ...]
    monotone: bool
    usual: tuple[float, float]


def required(
    name: str,
    unit: str,
    form_default: float,
    typical: tuple[float, float],
    meaning: str,
    source: str,
    **limits: Unpack[_Limits],
) -> Feature:
    return Feature(
        name=name,
        unit=unit,
        default=form_default,
        typical=typical,
        meaning=meaning,
        source=source,
        required=True,
        **limits,
    )


def optional(
    name: str,
    unit: str,
    typical: tuple[float, float],
    meaning: str,
    source: str,
    form_default: float = 0.0,
    **limits: Unpack[_Limits],
) -> Feature:
    return Feature(
        name=name,
        unit=unit,
        default=form_default,
        typical=typical,
        meaning=meaning,
        source=source,
        **limits,
    )


PERCENT_MAX = 10_000.0
"""Percentages may pass 100 in bursts; beyond this they are a unit error."""

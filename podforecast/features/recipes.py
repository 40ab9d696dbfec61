"""The few ways in which a signal becomes a feature.

Each function here returns a `Recipe`, or a `Compared` where siblings matter; the tables of
:mod:`podforecast.features.build` are made of them. ``scale`` turns the unit of the signal into the
unit of the feature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from podforecast.domain.telemetry import Array
from podforecast.features.moment import RECENT, Moment
from podforecast.features.siblings import others_median
from podforecast.features.windows import last, minutes_to_limit

Recipe = Callable[[Moment], Array]
"""One feature of every pod at one moment, (n_pods,); NaN where it is unknown."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A feature that needs all pods at once, because it compares them with their siblings."""

    parts: tuple[Recipe, ...]
    """What has to be known of each pod by itself."""
    compare: Callable[..., Array]
    """Takes the number of each pod's workload, (n_pods,), then the parts of all pods."""


FAR_MINUTES = 120.0
"""A limit further away than this is as good as none for a horizon of minutes."""
PERCENT = 100.0
PERCENT_PER_MINUTE = 6000.0
"""From a share per second."""
PER_MINUTE = 60.0
"""From something per second."""


def newest(signal: str, scale: float = 1.0) -> Recipe:
    """Last sample of the window."""
    return lambda moment: scale * last(moment.window(signal))


def level(signal: str, scale: float) -> Recipe:
    """Last sample of the window that is of the container that runs now."""
    return lambda moment: scale * moment.level(signal)


def newest_count(signal: str) -> Recipe:
    """Last sample of the window, as the whole number it stands for."""
    return lambda moment: np.rint(last(moment.window(signal)))


def average(signal: str, scale: float = 1.0) -> Recipe:
    """Mean of the window."""
    return lambda moment: scale * moment.average(signal)


def growth(signal: str, scale: float, back: timedelta = RECENT) -> Recipe:
    """Slope of the last minutes, within the life of the container."""
    return lambda moment: scale * moment.line(signal, back).slope


def minutes_left(signal: str, back: timedelta) -> Recipe:
    """Minutes until a share reaches 1 at the pace of the last minutes."""
    return lambda moment: minutes_to_limit(
        moment.level(signal),
        moment.line(signal, back).slope,
        limit=1.0,
        most=FAR_MINUTES,
    )


def above_past(signal: str, scale: float) -> Recipe:
    """Mean of the window minus the median of the hour before it."""
    return lambda moment: scale * (moment.average(signal) - moment.past_median(signal))


def times_past(signal: str, *, floor: float) -> Recipe:
    """Mean of the window over the median of the hour before it.

    ``floor`` is what both are raised to: below it differences mean nothing, and a past of
    zero would make every present infinite.
    """
    return lambda moment: (
        np.maximum(moment.average(signal), floor) / np.maximum(moment.past_median(signal), floor)
    )


def above_siblings(signal: str, scale: float = 1.0) -> Compared:
    """Mean of the window minus the median of the workload's other pods."""
    return Compared(
        (average(signal),), lambda group, own: scale * (own - others_median(own, group))
    )


def times_siblings(signal: str, *, floor: float) -> Compared:
    """Mean of the window over the median of the workload's other pods, see `times_past`."""
    return Compared(
        (average(signal),),
        lambda group, own: np.maximum(own, floor) / np.maximum(others_median(own, group), floor),
    )

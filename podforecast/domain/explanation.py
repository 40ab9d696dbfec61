"""What each feature adds to a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from podforecast.domain.telemetry import Array

Method = Literal["exact", "path", "occlusion"]
"""``exact``: the model adds features up, and these are its terms. ``path``: along the way through
each tree, a split's change belongs to the feature it asks for. ``occlusion``: each feature in turn
is replaced by a typical value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """Per row, how far each feature moves the log-odds away from those of a typical pod.

    The typical pod of a row is unknown where the row is, so a feature that was not measured
    contributes 0; so does one that is typical itself.
    """

    method: Method
    base: Array
    """Log-odds of the typical pod, (n,)."""
    parts: Array
    """Catalogue order, above 0 where a feature raises the probability; (n, n_features)."""
    log_odds: Array
    """Of the calibrated probability, (n,); base and parts of a row add up to it."""

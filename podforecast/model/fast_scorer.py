"""Scoring with the portable form: NumPy alone, and microseconds for a row."""

from __future__ import annotations

from typing import Literal

import numpy as np

from podforecast.domain.explanation import Contributions
from podforecast.domain.telemetry import Array
from podforecast.model.attribution import compared, contributions_of, stretched
from podforecast.model.calibration_curve import CalibrationCurve
from podforecast.model.manifest import Manifest
from podforecast.model.pipeline_scorer import check_shape
from podforecast.model.portable import Form
from podforecast.model.targets.forecaster import NO_TARGETS, Targets
from podforecast.model.typical import typical_values

ROWS_EXPLAINED_AT_ONCE = 4096


class FastScorer:
    """Scores with the portable form of a model; safe to share between threads.

    Parameters
    ----------
    form
        From rows to log-odds.
    calibration
        From log-odds to probabilities.
    manifest
        What is known about the model.
    targets
        What it can say beside whether a failure begins.
    """

    path: Literal["fast"] = "fast"
    path_reason = ""

    def __init__(
        self,
        form: Form,
        calibration: CalibrationCurve,
        manifest: Manifest,
        *,
        targets: Targets = NO_TARGETS,
    ) -> None:
        self._form = form
        self._calibration = calibration
        self._manifest = manifest
        self._targets = targets
        self._typical = typical_values(manifest)

    @property
    def manifest(self) -> Manifest:
        """What is known about the model."""
        return self._manifest

    @property
    def targets(self) -> Targets:
        """What the model can say beside whether a failure begins."""
        return self._targets

    @property
    def threshold(self) -> float:
        """At risk from here on."""
        return self._manifest.threshold

    @property
    def is_quick(self) -> bool:
        """Whether one row takes well below a millisecond."""
        return self._form.is_quick

    def score(self, values: Array) -> Array:
        """Return the probability of each row; see :class:`podforecast.model.scorer.Scorer`.

        Raises
        ------
        ValueError
            If ``values`` is not a table with one column per feature of the catalogue.
        """
        check_shape(values)
        if len(values) == 1:
            odds = self._form.odds_of_one(values[0])
            return np.array([self._calibration.probability_of_one(odds)])
        return self._calibration.probability(self._form.odds(values))

    def contributions(self, values: Array) -> Contributions:
        """Return what each feature adds to the log-odds of each row.

        Raises
        ------
        ValueError
            As :meth:`score`.
        """
        check_shape(values)
        return contributions_of(
            values,
            self._explained,
            method=self._form.method,
            rows_at_once=ROWS_EXPLAINED_AT_ONCE,
        )

    def _explained(self, values: Array) -> Array:
        """Base, log-odds and parts of some rows side by side, (n, 2 + n_features)."""
        typical, differs = compared(values, self._typical)
        base = self._calibration.log_odds(self._form.odds(typical))
        log_odds = self._calibration.log_odds(self._form.odds(values))
        # Two ways down a tree may part below a split on a feature that is the same in both: that
        # is the doing of those that differ. A sum of terms has nothing of the kind.
        parts = np.where(differs, self._form.parts(values, typical), 0.0)
        # A sigmoid only scales, so a sum stays exact; a staircase is what has to be stretched.
        parts = stretched(self._calibration.slope * parts, log_odds - base, differs)
        return np.column_stack([base, log_odds, parts])

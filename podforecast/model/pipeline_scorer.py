"""Scoring with the saved pipeline itself: what every faster scorer is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.explanation import Contributions
from podforecast.domain.telemetry import Array
from podforecast.model.attribution import (
    compared,
    contributions_of,
    log_odds_of,
    stretched,
)
from podforecast.model.manifest import Manifest
from podforecast.model.targets.forecaster import NO_TARGETS, Targets
from podforecast.model.typical import typical_values

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ROWS_AT_ONCE = 64
"""Rows explained at a time: each is scored once more per feature."""


class PipelineScorer:
    """Scores with the saved pipeline; safe to share between threads.

    Parameters
    ----------
    pipeline
        Preparation, classifier, calibration.
    manifest
        What is known about it.
    reason
        Why nothing faster scores.
    targets
        What the model can say beside whether a failure begins.
    """

    path: Literal["pipeline"] = "pipeline"
    is_quick = False

    def __init__(
        self,
        pipeline: Pipeline,
        manifest: Manifest,
        *,
        reason: str = "",
        targets: Targets = NO_TARGETS,
    ) -> None:
        self._pipeline = pipeline
        self._manifest = manifest
        self._targets = targets
        self._reason = reason
        self._typical = typical_values(manifest)

    @property
    def pipeline(self) -> Pipeline:
        """What was saved: preparation, classifier, calibration."""
        return self._pipeline

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
    def path_reason(self) -> str:
        """Why nothing faster scores."""
        return self._reason

    def score(self, values: Array) -> Array:
        """Return the probability of each row; see :class:`podforecast.model.scorer.Scorer`.

        Raises
        ------
        ValueError
            If ``values`` is not a table with one column per feature of the catalogue.
        """
        check_shape(values)
        if not len(values):
            return values[:, 0]
        probability: Array = self._pipeline.predict_proba(values)[:, 1]
        return probability

    def contributions(self, values: Array) -> Contributions:
        """Return what is lost when each feature alone becomes typical.

        Raises
        ------
        ValueError
            As :meth:`score`.
        """
        check_shape(values)
        return contributions_of(
            values, self._occluded, method="occlusion", rows_at_once=ROWS_AT_ONCE
        )

    def _occluded(self, values: Array) -> Array:
        """Base, log-odds and parts of some rows side by side, (n, 2 + n_features)."""
        n_rows, n_features = values.shape
        typical, differs = compared(values, self._typical)
        variants = np.repeat(values[None], 2 + n_features, axis=0)
        variants[0] = typical
        for column in range(n_features):
            variants[2 + column, :, column] = typical[:, column]
        odds = log_odds_of(self.score(variants.reshape(-1, n_features))).reshape(-1, n_rows).T
        parts = stretched(odds[:, 1:2] - odds[:, 2:], odds[:, 1] - odds[:, 0], differs)
        return np.column_stack([odds[:, :2], parts])


def check_shape(values: Array) -> None:
    """Refuse what is not a table with one column per feature of the catalogue.

    Raises
    ------
    ValueError
    """
    if values.ndim != 2 or values.shape[1] != len(CATALOGUE):
        raise ValueError(f"expected shape (n, {len(CATALOGUE)}), got {values.shape}")

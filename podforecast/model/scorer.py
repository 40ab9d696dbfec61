"""The one thing that serving, pipeline and evaluation want of a model: a score per row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.telemetry import Array
from podforecast.model import artifact
from podforecast.model.manifest import Manifest

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class Scorer(Protocol):
    """Rows of features in, calibrated probabilities out."""

    @property
    def threshold(self) -> float:
        """At risk from here on."""
        ...

    @property
    def manifest(self) -> Manifest:
        """What is known about the model."""
        ...

    def score(self, values: Array) -> Array:
        """Return the probability that a failure begins within the horizon, shape (n,).

        Parameters
        ----------
        values
            Features in catalogue order, NaN = unknown, shape (n, n_features).
        """
        ...


class PipelineScorer:
    """Scores with the saved pipeline itself; safe to share between threads.

    Every faster scorer is held against this one.
    """

    def __init__(self, pipeline: Pipeline, manifest: Manifest) -> None:
        self._pipeline = pipeline
        self._manifest = manifest

    @property
    def pipeline(self) -> Pipeline:
        """What was saved: preparation, classifier, calibration."""
        return self._pipeline

    @property
    def manifest(self) -> Manifest:
        """What is known about the model."""
        return self._manifest

    @property
    def threshold(self) -> float:
        """At risk from here on."""
        return self._manifest.threshold

    def score(self, values: Array) -> Array:
        """Return the probability of each row; see :class:`Scorer`.

        Raises
        ------
        ValueError
            If ``values`` is not a table with one column per feature of the catalogue.
        """
        if values.ndim != 2 or values.shape[1] != len(CATALOGUE):
            raise ValueError(f"expected shape (n, {len(CATALOGUE)}), got {values.shape}")
        if not len(values):
            return values[:, 0]
        probability: Array = self._pipeline.predict_proba(values)[:, 1]
        return probability


def load(folder: Path) -> PipelineScorer:
    """Load the model of a folder after every check of :func:`artifact.load`.

    Raises
    ------
    ModelNotReady
        If no model has been trained.
    ModelRefused
        If there is one that must not be used.
    """
    return PipelineScorer(*artifact.load(folder))

"""The one thing that serving, pipeline and evaluation want of a model: a score per row."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

from podforecast.domain.explanation import Contributions
from podforecast.domain.telemetry import Array
from podforecast.model import artifact
from podforecast.model.manifest import Manifest
from podforecast.model.pipeline_scorer import PipelineScorer

ServingPath = Literal["fast", "pipeline"]


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

    @property
    def path(self) -> ServingPath:
        """Whether the saved pipeline scores, or something faster that was held against it."""
        ...

    @property
    def path_reason(self) -> str:
        """Why it is the pipeline; empty on the fast path."""
        ...

    @property
    def is_quick(self) -> bool:
        """Whether one row takes well below a millisecond, so that an event loop may wait for it."""
        ...

    def score(self, values: Array) -> Array:
        """Return the probability that a failure begins within the horizon, shape (n,).

        Parameters
        ----------
        values
            Features in catalogue order, NaN = unknown, shape (n, n_features).
        """
        ...

    def contributions(self, values: Array) -> Contributions:
        """Return what each feature adds to the log-odds of each row; see the class of the value.

        Parameters
        ----------
        values
            As for :meth:`score`.
        """
        ...


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

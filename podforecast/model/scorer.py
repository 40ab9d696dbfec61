"""The one thing that serving, pipeline and evaluation want of a model: a score per row."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from podforecast.domain.explanation import Contributions
from podforecast.domain.telemetry import Array
from podforecast.model import artifact, portable
from podforecast.model.fast_scorer import FastScorer
from podforecast.model.manifest import Manifest
from podforecast.model.pipeline_scorer import PipelineScorer
from podforecast.model.portable import NotPortable
from podforecast.model.targets.forecaster import Targets
from podforecast.model.targets.loading import load_targets

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

    @property
    def targets(self) -> Targets:
        """What the model can say beside whether a failure begins."""
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


def load(folder: Path) -> Scorer:
    """Load the fast path of the model of a folder, or the pipeline where that can not be trusted.

    The fast path serves if its probabilities are those that the pipeline gave for the
    manifest's reference batch, row by row and all at once. Otherwise the pipeline is unpickled, and
    ``path_reason`` says why.

    Raises
    ------
    ModelNotReady
        If no model has been trained.
    ModelRefused
        If there is one that must not be used.
    """
    manifest = artifact.checked_manifest(folder)
    try:
        return _fast(folder, manifest)
    except NotPortable as why:
        return load_pipeline(folder, reason=str(why))


def load_pipeline(folder: Path, *, reason: str = "the pipeline was asked for") -> PipelineScorer:
    """Load the saved pipeline itself after every check of :func:`artifact.load`.

    Parameters
    ----------
    folder
        Folder of the model.
    reason
        Why nothing faster is loaded.

    Raises
    ------
    ModelNotReady, ModelRefused
        As :func:`load`; and if a library has another version than the model was saved with.
    """
    pipeline, manifest = artifact.load(folder)
    return PipelineScorer(pipeline, manifest, reason=reason, targets=load_targets(folder, manifest))


def _fast(folder: Path, manifest: Manifest) -> FastScorer:
    form, calibration = portable.read(artifact.portable_bytes(folder, manifest))
    targets = load_targets(folder, manifest)
    scorer = FastScorer(form, calibration, manifest, targets=targets)
    for score in (scorer.score, lambda rows: np.concatenate([scorer.score(r[None]) for r in rows])):
        off = artifact.distance(score, manifest)
        if not off <= artifact.TOLERANCE:
            raise NotPortable(
                f"{portable.PORTABLE_FILE} scores the reference batch {off:.2g} off,"
                f" {artifact.TOLERANCE:g} is accepted"
            )
    return scorer

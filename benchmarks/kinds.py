"""A saved model of each kind of candidate that may be kept, trained once and kept in ``var/``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from podforecast.cli import training_data
from podforecast.domain.tables import Dataset
from podforecast.errors import ModelNotReady, ModelRefused
from podforecast.model import artifact, describe, training
from podforecast.model.candidates import CANDIDATES, Candidate
from podforecast.model.scorer import load

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "models"
KEPT = ROOT / "var" / "bench"


def model_folders(kept: Path = KEPT, models: Path = MODELS) -> Mapping[str, Path]:
    """Folder of each model by the name its figures get; the trained one first, if there is one.

    A kind is trained, without a search, where its folder holds none that this release can load.
    """
    folders = {f"selected ({selected})": models for selected in _selected(models)}
    kinds = [one for one in CANDIDATES if one.monotone]
    missing = [one for one in kinds if not _loads(kept / one.name)]
    if missing:
        dataset = training_data.read(ROOT / "data").dataset
        for candidate in missing:
            train_kind(candidate, dataset, kept / candidate.name)
    return {**folders, **{one.name: kept / one.name for one in kinds}}


def train_kind(candidate: Candidate, dataset: Dataset, folder: Path) -> None:
    """Fit one kind with its usual settings, and save it."""
    trained = training.train(dataset, seed=1, candidates=(replace(candidate, tries=()),))
    manifest = describe.describe(trained, dataset, trained_at=datetime.now(UTC))
    artifact.save(folder, trained.fitted.pipeline, manifest)


def _selected(models: Path) -> Iterator[str]:
    if _loads(models):
        yield artifact.read_manifest(models).algorithm


def _loads(folder: Path) -> bool:
    try:
        load(folder)
    except (ModelNotReady, ModelRefused):
        return False
    return True

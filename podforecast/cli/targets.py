"""Trains what is forecast beside the failure: the kind of trouble, and the status to expect."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table
from rich.text import Text

from podforecast.cli.console import err, out
from podforecast.cli.training_data import TrainingData
from podforecast.errors import DataUnusable
from podforecast.model import artifact
from podforecast.model.manifest import Manifest, TargetCandidateRecord, TargetRecord
from podforecast.model.selection import Effort
from podforecast.model.targets import describe, training
from podforecast.model.targets.candidates import CANDIDATES
from podforecast.model.targets.task import (
    ISSUE_TYPE,
    POD_STATUS,
    Task,
    issue_task,
    status_task,
)
from podforecast.telemetry.memory import give_back

NAMES: tuple[str, ...] = (ISSUE_TYPE, POD_STATUS)
FOLDS = 5
FITS = len(NAMES) * (FOLDS * len(CANDIDATES) + 1)
"""About how often a progress bar advances."""


@dataclass(frozen=True, slots=True)
class TrainedTargets:
    """Models of targets, ready to be saved beside that of the failure."""

    records: Mapping[str, TargetRecord] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why there is none of a target."""

    def noted(self, manifest: Manifest) -> Manifest:
        """Say in a manifest what there is, and what not."""
        trained = {**manifest.targets, **self.records}
        left_out = {
            name: why
            for name, why in {**manifest.targets_left_out, **self.left_out}.items()
            if name not in self.records
        }
        for name in self.left_out:
            trained.pop(name, None)
        return manifest.model_copy(update={"targets": trained, "targets_left_out": left_out})


def train(read: TrainingData, names: Sequence[str], effort: Effort) -> TrainedTargets:
    """Train the named targets; one that the data do not allow is left out, and stderr says why."""
    records: dict[str, TargetRecord] = {}
    files: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    for name in names:
        try:
            task = _task(name, read, effort.seed + 1)
        except DataUnusable as why:
            left_out[name] = why.message
            _say(f"{why.message}. {why.hint}")
            continue
        for remark in task.remarks:
            _say(remark)
        trained = training.train(task, seed=effort.seed, jobs=effort.jobs, on_fit=effort.on_fit)
        records[name], files = describe.record_of(trained), files | describe.files_of(trained)
        give_back()
    return TrainedTargets(records, files, left_out)


def put_beside(folder: Path, found: TrainedTargets) -> None:
    """Put trained targets beside the model of a folder.

    Raises
    ------
    ModelNotReady, ModelRefused
        If the folder has no model of this release.
    ConfigurationError
        If it can not be written.
    """
    artifact.add(folder, found.noted(artifact.checked_manifest(folder)), found.files)


def tell(found: TrainedTargets, folder: Path, *, as_json: bool) -> None:
    """Print what was trained and put beside a model."""
    if as_json:
        targets = {
            name: record.model_dump(mode="json", exclude={"reference"})
            for name, record in found.records.items()
        }
        document = {"targets": targets, "targets_left_out": found.left_out, "folder": str(folder)}
        out.print_json(json.dumps(document))
        return
    for name, record in found.records.items():
        out.print(_table(name, record))
        out.print(f"Saved {name} to {folder}/", highlight=False, markup=False, soft_wrap=True)


def print_records(manifest: Manifest) -> None:
    """Print the table of each target of a manifest."""
    for name, record in manifest.targets.items():
        out.print(_table(name, record))


def _task(name: str, read: TrainingData, seed: int) -> Task:
    if name == ISSUE_TYPE:
        return issue_task(read.dataset, seed=seed)
    if read.statuses is None:
        raise DataUnusable(
            f"{POD_STATUS} is left out: a table does not tell what status a pod had",
            hint="Give a folder of recordings.",
        )
    return status_task(read.statuses, seed=seed)


def _table(name: str, record: TargetRecord) -> Table:
    """Narrow enough for the 80 columns that a pipe or a build log has."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(name, no_wrap=True)
    for heading in ("log loss [95 %]", "macro F1 [95 %]", "balanced", "s"):
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for one in (*record.candidates, record.baseline):
        table.add_row(*_cells(one))
    return table


def _cells(one: TargetCandidateRecord) -> tuple[Text | str, ...]:
    return (
        one.name,
        Text(f"{one.log_loss:.3f} [{one.log_loss_low:.3f}, {one.log_loss_high:.3f}]"),
        Text(f"{one.macro_f1:.3f} [{one.macro_f1_low:.3f}, {one.macro_f1_high:.3f}]"),
        f"{one.balanced_accuracy:.3f}",
        f"{one.seconds:.0f}",
    )


def _say(sentence: str) -> None:
    err.print(sentence, highlight=False, markup=False, soft_wrap=True)

"""What a command may learn from: recorded campaigns, or a user's own table.

Campaigns whose ``campaign.json`` says ``"role": "test"`` are for evaluation. Training never
reads more of them than that line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from podforecast.domain.statuses import StatusRows, concatenate_statuses
from podforecast.domain.tables import Dataset, concatenate
from podforecast.errors import DataUnusable
from podforecast.pipeline.examples import STATUS_EVERY, Examples, build_examples
from podforecast.telemetry.memory import give_back
from podforecast.telemetry.recording import FACTS, Recording
from podforecast.telemetry.tabular import TableReport, read_table

Role = Literal["train", "test"]
OnCampaign = Callable[[int, int, str], None]
"""Called with moments done, moments in all, and the campaign's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """Rows to learn from, and what the user should know about them."""

    dataset: Dataset
    remarks: tuple[str, ...]
    """Sentences for stderr."""
    statuses: StatusRows | None = None
    """None for a table, which does not tell what status a pod had."""


def read(path: Path, *, on_progress: OnCampaign = lambda *_: None) -> TrainingData:
    """Read a folder of campaigns, one campaign, or a CSV or Parquet table.

    Raises
    ------
    DataUnusable
        If there is nothing to learn from.
    """
    if path.is_file():
        dataset, report = read_table(path)
        return TrainingData(dataset=slim(dataset), remarks=tuple(_table_remarks(report)))
    folders = campaign_folders(path, "train")
    held_out = [folder.name for folder in _folders(path) if role_of(folder) == "test"]
    remarks = [f"kept for evaluation, not read: {', '.join(held_out)}"] if held_out else []
    examples = read_examples(folders, on_progress=on_progress)
    return TrainingData(dataset=examples.onsets, statuses=examples.statuses, remarks=tuple(remarks))


def campaign_folders(path: Path, role: Role) -> list[Path]:
    """Folders of the campaigns of a role, in the order of their names.

    Raises
    ------
    DataUnusable
        If there is none.
    """
    found = [folder for folder in _folders(path) if role_of(folder) == role]
    if not found:
        raise DataUnusable(
            f"{path} holds no campaign to {role} on",
            hint="Give a folder of recordings (docs/lab.md says how to make one), or a CSV"
            " or Parquet file with --data.",
        )
    return found


def read_campaigns(
    folders: Sequence[Path], *, on_progress: OnCampaign = lambda *_: None
) -> Dataset:
    """Build the rows of all campaigns and join them."""
    return read_examples(folders, on_progress=on_progress).onsets


def read_examples(
    folders: Sequence[Path],
    *,
    status_every: int = STATUS_EVERY,
    on_progress: OnCampaign = lambda *_: None,
) -> Examples:
    """Build the rows of all campaigns, those of statuses too, and join them.

    Parameters
    ----------
    status_every
        See :func:`podforecast.pipeline.examples.build_examples`.
    """
    parts = []
    for folder in folders:
        parts.append(_campaign(folder, status_every, on_progress))
        give_back()
    return Examples(
        onsets=concatenate([part.onsets for part in parts]),
        statuses=concatenate_statuses([part.statuses for part in parts]),
    )


def role_of(folder: Path) -> str:
    """Role of a campaign; one that says nothing may be trained on.

    Raises
    ------
    DataUnusable
        If ``campaign.json`` is no JSON object.
    """
    try:
        return str(json.loads((folder / FACTS).read_bytes()).get("role", "train"))
    except (ValueError, AttributeError) as exc:
        raise DataUnusable(
            f"{folder / FACTS} is not a JSON object", hint="Export the campaign again."
        ) from exc


def slim(dataset: Dataset) -> Dataset:
    """Keep features in float32: half the memory, and all that fits look at."""
    return replace(dataset, x=dataset.x.astype(np.float32))


def _folders(path: Path) -> list[Path]:
    if (path / FACTS).is_file():
        return [path]
    return sorted(facts.parent for facts in path.glob(f"*/{FACTS}"))


def _campaign(folder: Path, status_every: int, on_progress: OnCampaign) -> Examples:
    recording = Recording.open(folder)
    examples = build_examples(
        recording,
        status_every=status_every,
        progress=lambda done, total: on_progress(done, total, recording.name),
    )
    return Examples(onsets=slim(examples.onsets), statuses=examples.statuses)


def _table_remarks(report: TableReport) -> list[str]:
    remarks = [f"target column: {report.target}"]
    if report.unknown_columns:
        remarks.append(f"columns not used: {', '.join(report.unknown_columns)}")
    if report.missing_optional:
        remarks.append(f"{len(report.missing_optional)} optional features are in no row")
    if report.rows_without_label:
        remarks.append(f"{report.rows_without_label} rows without a label were left out")
    if not report.grouped:
        remarks.append(
            "no pod column: rows of one pod may be on both sides of a fold; add pod_id to rule"
            " that out"
        )
    return remarks
